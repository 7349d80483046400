"""Batch normalization by the statistics of a batch of which several processes have a part each."""

__all__ = ["normalize", "shared_batch_norm", "shared_moments"]

from typing import Any

import torch
from torch import Tensor, distributed
from torch.nn import functional as F

from copyist.devices import gather_batch, sum_over_processes


def shared_batch_norm(h: Tensor, weight: Tensor, bias: Tensor, *, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """Normalize the maps of this process by the mean and variance of those of all, then scale and shift them.

    Two rows of numbers per map are exchanged on the way forth and two on the way back, each in one message; the rest
    is PyTorch's kernels of the batch norm of one process. Every process must call it, and take its gradient, with
    maps of the same shape. Gradients are those of the sum of what all processes make of their answers.

    Args:
        h: maps (B, C, H, W).
        weight: (C,).
        bias: (C,).
        eps: is added to the variance.

    Returns:
        Normalized maps (B, C, H, W) like `h`; the mean (C,) and the biased variance (C,) over all processes, through
        which no gradients pass.

    Source:
        Ioffe & Szegedy (2015), algorithm 1, and the gradients below it; torch.nn.SyncBatchNorm, which needs GPUs.
    """
    result: tuple[Tensor, Tensor, Tensor] = _SharedBatchNorm.apply(h, weight, bias, eps)
    return result


def shared_moments(h: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and biased variance (C,) of the maps (B, C, H, W) of all processes, float32; gradients pass."""
    variance, mean = torch.var_mean(h.float() if h.dtype != torch.float64 else h, (0, 2, 3), correction=0)
    own = torch.nn.functional.one_hot(torch.tensor(distributed.get_rank()), distributed.get_world_size())
    # Each process fills a row of its own, and the sum of all has every row: one exchange for both moments.
    rows = sum_over_processes(own.to(mean)[:, None, None] * torch.stack([mean, variance]))  # (processes, 2, C)
    return _joined(rows)


def normalize(h: Tensor, mean: Tensor, variance: Tensor, weight: Tensor, bias: Tensor, *, eps: float) -> Tensor:
    """Maps (B, C, H, W), normalized by these moments (C,) and scaled and shifted by weights (C,), in their precision;
    gradients pass to all of them."""
    scale = weight * (variance + eps).rsqrt()
    shift = bias - mean * scale
    return torch.addcmul(shift[:, None, None], h.to(scale.dtype), scale[:, None, None]).to(h.dtype)


def _batch_norm(h: Tensor, weight: Tensor, bias: Tensor, *, eps: float) -> Tensor:
    """As `shared_batch_norm`, of operations that can be differentiated any number of times, and cost several times as
    much."""
    return normalize(h, *shared_moments(h), weight, bias, eps=eps)


class _SharedBatchNorm(torch.autograd.Function):
    """With x̂ = (h − mean) / √(variance + eps), of all n positions of all processes,

        dL/dh = weight / √(variance + eps) · (g − Σ g / n − x̂ · Σ g·x̂ / n),  g = dL/dy

    of which the second and third term are a batch norm of `h` by the same moments and other weights.
    """

    @staticmethod
    def forward(ctx: Any, h: Tensor, weight: Tensor, bias: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor]:
        # The kernel also moves running averages, of which these take its precision; they stay where they are.
        unused = torch.zeros_like(weight), torch.ones_like(weight)
        own = torch.stack(torch.batch_norm_update_stats(h, *unused, 0.0))
        mean, variance = _joined(gather_batch(own[None]))
        ctx.save_for_backward(h, weight, bias, mean, variance)
        ctx.eps = eps
        ctx.mark_non_differentiable(mean, variance)
        return F.batch_norm(h, mean, variance, weight, bias, eps=eps), mean, variance

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        (h, weight, bias, mean, variance), eps = ctx.saved_tensors, ctx.eps
        g = gradients[0]
        if torch.is_grad_enabled():
            # Gradients are to be differentiated again.
            y = _batch_norm(h, weight, bias, eps=eps)
            of_h, of_weight, of_bias = torch.autograd.grad(y, (h, weight, bias), g, create_graph=True)
            return of_h, of_weight, of_bias, None
        if not (g.is_contiguous() and h.is_contiguous()):
            g = g.contiguous(memory_format=torch.channels_last)
            h = h.contiguous(memory_format=torch.channels_last)
        # A product with weights of few digits would lose those of the weights.
        narrow = h.dtype != weight.dtype
        scaled, of_weight, of_bias = torch.ops.aten.native_batch_norm_backward(
            g, h, weight, mean, variance, None, None, False, eps, [narrow, True, True]
        )
        rows = gather_batch(torch.stack([of_weight, of_bias])[None])  # (processes, 2, C)
        scale, count = weight * (variance + eps).rsqrt(), len(rows) * h.numel() // h.shape[1]
        rest = F.batch_norm(h, mean, variance, *(rows.sum(0) * (scale / -count)), eps=eps)
        of_h = rest.add_(scaled) if narrow else rest.addcmul_(g, scale[:, None, None])
        return of_h, of_weight, of_bias, None


def _joined(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and biased variance (C,) of equal parts, from theirs (parts, 2, C)."""
    spreads, means = torch.var_mean(rows, 0, correction=0)
    return means[0], means[1] + spreads[0]
