"""How an output depends on its input: its receptive field, and the singular values and condition of its Jacobian."""

__all__ = ["JacobianSupport", "condition_number", "jacobian_support", "singular_values"]

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from copyist.checks import check_examples, check_images, check_whole, check_within
from copyist.errors import ArgumentError, ContractError, ShapeError
from copyist.tensors import Images, PerImage


@dataclass(frozen=True, kw_only=True, eq=False)
class JacobianSupport:
    """Which pixels of an image one pixel of the output depends on."""

    influence: Tensor
    """(B, H, W), at least 0: √Σ(∂y/∂x)² over the channels of both pixels."""

    reached: Tensor
    """(B, H, W), bool: the influence is above the threshold's share of the image's largest."""

    share: PerImage
    """(B,), in [0, 1], of the pixels that are reached."""

    extent: PerImage
    """(B,), the farthest pixel reached, in rows or columns, whichever is more: 2 for a window of 5 × 5; 0 for none."""

    radius: PerImage
    """(B,), root mean squared distance in pixels, weighted by squared influence; not a number without any."""


def jacobian_support(
    function: Callable[[Images], Tensor], x: Images, *, position: tuple[int, int], threshold: float = 0.0
) -> JacobianSupport:
    """Find the pixels of each image that one pixel of its output depends on.

    Each image is differentiated with the rest of its batch held fixed. Batch statistics therefore count: they join
    every pixel to every other, faintly, so that a `threshold` of 0 then finds them all.

    Args:
        function: the map, called once on `x`, to (B, C', H', W').
        x: images (B, C, H, W).
        position: row and column of the output's pixel.
        threshold: which share of the largest influence on an image is too little to count, in [0, 1].

    Returns:
        The support. Where the output has other sides than the image, distances are measured from the point of the image
        below the center of the output's pixel.

    Raises:
        ShapeError: `x` is not (B, C, H, W), or the output is not (B, C', H', W').
        ArgumentError: `position` lies outside the output, or `threshold` outside [0, 1].
        ContractError: the function lets no gradient through.
    """
    check_images(x)
    check_within("threshold", threshold, 0, 1)
    x, y = _traced_output(function, x)
    check_images(y, name="outputs")
    row, column = position
    if not (0 <= row < y.shape[2] and 0 <= column < y.shape[3]):
        raise ArgumentError(f"position must lie in an output of {y.shape[2]}x{y.shape[3]}, got {position}")
    energy = torch.stack(
        [_jacobian(y[index, :, row, column], x, index).square().sum((0, 1)) for index in range(len(x))]
    )  # (B, H, W)
    influence = energy.sqrt()
    reached = influence > threshold * influence.amax((1, 2), keepdim=True)
    height, width = x.shape[2:]
    down = torch.arange(height, device=x.device) - ((row + 0.5) * height / y.shape[2] - 0.5)
    across = torch.arange(width, device=x.device) - ((column + 0.5) * width / y.shape[3] - 0.5)
    steps = torch.maximum(down.abs()[:, None], across.abs())  # (H, W)
    squares = down.square()[:, None] + across.square()
    return JacobianSupport(
        influence=influence,
        reached=reached,
        share=reached.to(x.dtype).mean((1, 2)),
        extent=(steps * reached).amax((1, 2)),
        radius=((energy * squares).sum((1, 2)) / energy.sum((1, 2))).sqrt(),
    )


def singular_values(function: Callable[[Tensor], Tensor], x: Tensor, *, chunk: int = 256) -> Tensor:
    """The singular values of the map's Jacobian at each example, with the rest of the batch held fixed.

    The whole matrix of one example after the other is built, N outputs by M inputs: 38 MB of float32 for 3072 by 3072,
    and minutes of work, so this is for small inputs.

    Args:
        function: the map, called once on `x`, to (B, ...).
        x: examples (B, ...).
        chunk: how many rows of the Jacobian are computed at once; memory grows with it times the batch's activations.

    Returns:
        (B, min(N, M)), float64, falling. The derivatives are those of the map's own dtype: values below about 1e-7 of
        the largest are rounding in float32; hand over a float64 map and `x` where these matter.

    Raises:
        ShapeError: `x` or the output is not (B, ...).
        ArgumentError: `chunk` is no whole number of at least 1.
        ContractError: the function lets no gradient through.
    """
    check_examples(x)
    check_whole("chunk", chunk, 1)
    x, y = _traced_output(function, x)
    check_examples(y, name="outputs")
    found: list[Tensor] = []
    for index in range(len(x)):
        parts = y[index].flatten().split(chunk)
        rows = torch.cat([_jacobian(part, x, index).flatten(1) for part in parts])  # (N, M)
        found.append(torch.linalg.svdvals(rows.double()))
    return torch.stack(found)


def condition_number(values: Tensor) -> PerImage:
    """The largest singular value over the smallest: how much worse than the rest the worst direction is to invert.

    Args:
        values: singular values (B, K), in any order, at least 0. Of a map with fewer outputs than inputs they leave out
            what it ignores altogether.

    Returns:
        (B,), at least 1; infinite where the smallest is 0, and not a number where all are.

    Raises:
        ShapeError: `values` are not (B, K).
    """
    check_examples(values, name="singular values")
    if values.ndim != 2:
        raise ShapeError(f"singular values must have shape (B, K), got {tuple(values.shape)}")
    return values.amax(1) / values.amin(1)


def _traced_output(function: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    """The input as a leaf of the graph, and the output that can be differentiated with respect to it."""
    with torch.enable_grad():
        leaf = x.detach().clone().requires_grad_()
        y = function(leaf)
    if not y.requires_grad:
        raise ContractError("the function must let gradients through, and its output has none; remove torch.no_grad")
    if y.shape[:1] != x.shape[:1]:
        raise ShapeError(f"the output must have one entry per example, got {tuple(y.shape)} for {tuple(x.shape)}")
    return leaf, y


def _jacobian(outputs: Tensor, x: Tensor, index: int) -> Tensor:
    """The derivatives (N, ...) of a few outputs (N,) with respect to the example of that index."""
    ones = torch.eye(len(outputs), dtype=outputs.dtype, device=outputs.device)
    (rows,) = torch.autograd.grad(
        outputs, x, ones, is_grads_batched=True, retain_graph=True, materialize_grads=True
    )  # (N, B, ...)
    return rows[:, index]
