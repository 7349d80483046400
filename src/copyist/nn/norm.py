"""Normalizations, and whose statistics they use."""

__all__ = ["STATISTICS", "BatchNorm", "RunningScale", "Statistics", "normalization", "weigh_images"]

import contextlib
from collections.abc import Generator
from typing import Literal, TypeAlias, get_args

import torch
from torch import Tensor, nn

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
            return nn.BatchNorm2d(channels)
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

    def __init__(self, channels: int) -> None:
        super().__init__(channels, track_running_stats=False)

    def forward(self, input: Tensor) -> Tensor:
        if self.counts is None:
            return super().forward(input)
        h = input.float()
        share = (self.counts / self.counts.sum()).to(h)[:, None]  # (B, 1)
        own_variance, own_mean = torch.var_mean(h, (2, 3), correction=0)  # (B, C) each
        mean = (share * own_mean).sum(0)
        variance = (share * (own_variance + (own_mean - mean).square())).sum(0)
        scale = self.weight * (variance + self.eps).rsqrt()
        shift = self.bias - mean * scale
        return torch.addcmul(shift[:, None, None], h, scale[:, None, None]).to(input.dtype)


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

    def __init__(self, channels: int, *, momentum: float = 0.1, eps: float = 1e-5) -> None:
        super().__init__()
        self.momentum, self.eps = momentum, eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.register_buffer("spread", torch.ones(channels))

    def forward(self, h: Tensor) -> Tensor:
        spread = self.spread
        if self.training:
            spread = (h.float().var((0, 2, 3), correction=0) + self.eps).sqrt()
            with torch.no_grad():
                self.spread.lerp_(spread, self.momentum)
        return h * (self.weight / spread).to(h.dtype)[:, None, None]
