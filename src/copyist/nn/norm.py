"""Normalizations, and whose statistics they use."""

__all__ = [
    "STATISTICS",
    "BatchNorm",
    "RunningNorm",
    "RunningScale",
    "Statistics",
    "has_batch_statistics",
    "normalization",
    "share_statistics",
    "weigh_images",
]

import contextlib
from collections.abc import Generator
from typing import Literal, TypeAlias, get_args

import torch
from torch import Tensor, distributed, nn

from copyist.nn.shared_norm import normalize, shared_batch_norm, shared_moments

Statistics: TypeAlias = Literal["batch", "image", "running", "group", "none"]
"""Over what the mean and variance of a feature map are taken.

batch    the batch at hand and all positions, in training and in use alike
image    all positions of one image: the same as `batch` with batches of one
running  the batch at hand in training, running averages of it in use
group    groups of maps and all positions of one image
none     nothing is normalized
"""

STATISTICS: tuple[str, ...] = get_args(Statistics)
"""Their names."""


def normalization(channels: int, statistics: Statistics) -> nn.Module:
    """A layer (B, C, H, W) → (B, C, H, W) that normalizes, then scales and shifts each map by learned numbers.

    Source:
        Ioffe & Szegedy (2015), algorithm 1, for `batch` and `running`; Ulyanov et al. (2016) for `image`;
        Wu & He (2018) for `group`, in 8 groups, or as many as divide `channels`.
    """
    match statistics:
        case "batch":
            return BatchNorm(channels)
        case "image":
            return nn.InstanceNorm2d(channels, affine=True)
        case "running":
            return RunningNorm(channels)
        case "group":
            return nn.GroupNorm(max(groups for groups in range(1, 9) if channels % groups == 0), channels)
        case "none":
            return nn.Identity()


class BatchNorm(nn.BatchNorm2d):
    """Batch normalization (B, C, H, W) → (B, C, H, W) by the batch at hand alone, in training and in use alike.

    Where images are weighed, each enters the mean and the variance as often as its count says, as if it stood in the
    batch so many times.
    """

    counts: Tensor | None = None
    """(B,), how many times each image counts, while `weigh_images` says so; None counts each once."""

    shared = False
    """Whether in training the statistics are those of all processes that share a batch."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, track_running_stats=False)

    def forward(self, input: Tensor) -> Tensor:
        if self.counts is None:
            if not (self.shared and self.training):
                return super().forward(input)
            return shared_batch_norm(input, self.weight, self.bias, eps=self.eps)[0]
        h = input.float()
        share = (self.counts / self.counts.sum()).to(h)[:, None]  # (B, 1)
        own_variance, own_mean = torch.var_mean(h, (2, 3), correction=0)  # (B, C) each
        mean = (share * own_mean).sum(0)
        variance = (share * (own_variance + (own_mean - mean).square())).sum(0)
        return normalize(input, mean, variance, self.weight, self.bias, eps=self.eps)


class RunningNorm(nn.BatchNorm2d):
    """Batch normalization (B, C, H, W) → (B, C, H, W) by the batch at hand in training, and by running averages of its
    statistics in use."""

    shared = False
    """Whether in training the statistics are those of all processes that share a batch."""

    def forward(self, input: Tensor) -> Tensor:
        if not (self.shared and self.training):
            return super().forward(input)
        y, mean, variance = shared_batch_norm(input, self.weight, self.bias, eps=self.eps)
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.momentum is not None
        with torch.no_grad():
            count = distributed.get_world_size() * input.numel() // input.shape[1]
            self.running_mean.lerp_(mean, self.momentum)
            # As in PyTorch, the average is of the unbiased variance.
            self.running_var.lerp_(variance * (count / max(1, count - 1)), self.momentum)
            if self.num_batches_tracked is not None:
                self.num_batches_tracked += 1
        return y


def has_batch_statistics(module: nn.Module) -> bool:
    """Whether anything in `module` normalizes by the batch at hand in training."""
    return any(isinstance(part, _BY_BATCH) for part in module.modules())


def share_statistics(module: nn.Module) -> None:
    """Let all that normalizes by the batch in `module` take, from now on, in training the statistics of the whole batch
    that several processes share, in place of each those of its own part."""
    for part in module.modules():
        if isinstance(part, _BY_BATCH):
            part.shared = True


@contextlib.contextmanager
def weigh_images(module: nn.Module, counts: Tensor) -> Generator[None, None, None]:
    """Context manager: in every batch normalization of `module` each image of a batch (B, ...) counts several times.

    The answers are those to the batch in which each image stands so many times, without the time and memory of it.

    Args:
        module: what is called inside, with batches of B images.
        counts: (B,), each at least 1.
    """
    layers = [part for part in module.modules() if isinstance(part, BatchNorm)]
    for layer in layers:
        layer.counts = counts
    try:
        yield
    finally:
        for layer in layers:
            layer.counts = None


class RunningScale(nn.Module):
    """Batch normalization with nothing added: (B, C, H, W) over each map's spread, times a learned number.

    The spread is that of the batch at hand in training, and its running average in use. No mean is taken off.

    Source:
        Mohan et al. (2020), "Robust and Interpretable Blind Image Denoising via Bias-Free Convolutional Neural
        Networks", section 4.
    """

    spread: Tensor
    """(C,) running average of the standard deviations."""

    shared = False
    """Whether in training the spread is that of all processes that share a batch."""

    def __init__(self, channels: int, *, momentum: float = 0.1, eps: float = 1e-5) -> None:
        super().__init__()
        self.momentum, self.eps = momentum, eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.register_buffer("spread", torch.ones(channels))

    def forward(self, h: Tensor) -> Tensor:
        spread = self.spread
        if self.training:
            variance = shared_moments(h)[1] if self.shared else h.float().var((0, 2, 3), correction=0)
            spread = (variance + self.eps).sqrt()
            with torch.no_grad():
                self.spread.lerp_(spread, self.momentum)
        return h * (self.weight / spread).to(h.dtype)[:, None, None]


_BY_BATCH = (BatchNorm, RunningNorm, RunningScale)
"""What normalizes by the batch at hand in training."""
