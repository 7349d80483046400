"""The same noisy images in other company: how much of a denoiser's answer is its batch's doing."""

__all__ = ["Apply", "Function", "batch_dependence"]

from collections.abc import Callable
from typing import Protocol, TypeAlias

import torch
from torch import Tensor

from copyist.checks import check_same_shape
from copyist.evaluation.denoising_table import BatchKind, BatchRow
from copyist.metrics.distortion import distance
from copyist.metrics.intervals import mean_interval
from copyist.tensors import Images

Function: TypeAlias = Callable[[Images], Images]
"""A model, or a part of one."""


class Apply(Protocol):
    """How a function of a batch is applied to many images: the rule that fills the batches, in the images' order."""

    def __call__(self, function: Callable[[Images], Tensor], x: Images, *, batch_size: int) -> Tensor:
        """The answers for `x`, in its order."""
        ...


@torch.no_grad()
def batch_dependence(
    name: str, method: Function, *, x: Images, x_tilde: Images, apply: Apply, batch_size: int
) -> tuple[BatchRow, ...]:
    """Denoise the same images in batches of noisy ones, of noisy and clean ones in turn, in eights, and each alone.

    Args:
        name: what to call the method.
        method: from images to images of the same shape.
        x: clean images (B, C, H, W).
        x_tilde: the same images, corrupted.
        apply: how images are put into batches.
        batch_size: images in one of the first two batches; an even number makes the second exactly half clean.

    Returns:
        Four rows, each with the ratio ‖O(x̃) − x‖ / ‖x̃ − x‖ over the noisy images alone.

    Raises:
        ShapeError: `x` and `x_tilde` differ in shape.
    """
    check_same_shape(x_tilde, x)

    def row(batch: BatchKind, size: int, x_hat: Images) -> BatchRow:
        ratio = distance(x_hat.to(x), x) / distance(x_tilde, x)
        return BatchRow(method=name, batch=batch, size=size, ratio=mean_interval(ratio))

    # Beside each noisy image a clean one, and another than itself.
    mixed = torch.stack([x_tilde, x.roll(len(x) // 2, dims=0)], dim=1).flatten(0, 1)  # (2B, C, H, W)
    return (
        row("all noisy", batch_size, apply(method, x_tilde, batch_size=batch_size)),
        row("half clean", batch_size, apply(method, mixed, batch_size=batch_size)[::2]),
        row("eights", 8, apply(method, x_tilde, batch_size=8)),
        row("alone", 1, apply(method, x_tilde, batch_size=1)),
    )
