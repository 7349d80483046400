"""Inversion of a layer: images with the same representation as a given one."""

__all__ = ["Inversion", "InversionStart", "invert"]

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from copyist.checks import check_at_least, check_choice, check_positive, check_same_shape
from copyist.errors import ArgumentError, ContractError
from copyist.float32 import full_float32
from copyist.metrics.distortion import aligned, distance
from copyist.models.contracts import Model, TrainedOn, take_batch
from copyist.models.in_batches import batch_indices
from copyist.procedures.descent import METHODS, STEPS, Method, Nearest, descend
from copyist.procedures.layers import OUTPUT, represent, settled
from copyist.randomness import draw_normal
from copyist.tensors import ExamplesLike, Images, PerImage

InversionStart: TypeAlias = Literal["noise", "constant"]
"""Where the descent starts: N(0.7, 0.05²) per value, or gray of 0.5."""

SHIFT = 1 / 18
"""Standard deviation of the shift δ of an image that sets the yardstick, in units of pixel value."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Inversion:
    """Images x̂ whose representations are near those of the images a, and how near: the certificate."""

    x: Images
    """x̂ (B, C, H, W); values may leave [0, 1], since only the layer constrains them."""

    distance: PerImage
    """‖h(x̂) − h(a)‖ at the layer."""

    yardstick: PerImage
    """‖h(a + δ) − h(a)‖ for δ ~ N(0, (1/18)²): the effect there of a barely visible perturbation of the image."""

    converged: Tensor
    """bool (B,), whether the distance is 0 or less than the yardstick; only then is x̂ evidence about the layer."""

    input_distance: PerImage
    """‖x̂ − a‖."""

    aligned_distance: PerImage
    """The same after the brightness and contrast of each channel of x̂ have been fitted to a."""

    steps: int
    """The most that one descent took."""


@dataclass(frozen=True, kw_only=True)
class _Question:
    """The model, the layer and the settings of an inversion."""

    represent: Callable[[Images], Tensor]
    a: Images
    chosen: list[tuple[Tensor, int]]
    together: bool
    method: Method
    steps: int
    tolerance: float


def invert(
    model: nn.Module,
    x: ExamplesLike,
    *,
    layer: str = OUTPUT,
    method: Method = "lbfgs",
    start: InversionStart | ExamplesLike = "noise",
    restarts: int = 1,
    steps: int | None = None,
    tolerance: float = 0.5,
    generator: torch.Generator | None = None,
    batch_size: int | None = None,
    dtype: torch.dtype = torch.float32,
    progress: Callable[[int, int], None] | None = None,
) -> Inversion:
    """Find images that a layer represents as it does the given ones, by gradient descent from independent starts.

        x̂ = argmin ‖h(x) − h(a)‖,  beside the yardstick ‖h(a + δ) − h(a)‖

    What x̂ and a share is what the layer represents; how they differ, what it is invariant to. The descent ends
    when every image of a batch is within `tolerance` yardsticks, when a fifth of the steps has shortened the mean
    distance by less than 1 %, or when the steps are over.

    All is computed in a copy of the model, in evaluation mode and in `dtype`, whatever the weights are stored in, and
    in full: no TF32 stands in for float32.
    Where the model uses batch statistics, images are inverted together in the batches in which `reconstruct` would
    take them, and what fills up the last batch are the inverses of the images that fill it.

    Args:
        model: any module from images to a tensor.
        x: the images a, (B, C, H, W).
        layer: a name in `layers`.
        method: `lbfgs`, `adam`, or `reference` for the source's own steps.
        start: `noise`, `constant`, or images (B, C, H, W).
        restarts: how many times to start from new noise; of each image the nearest is kept, and with batch statistics
            of each batch.
        steps: at most, per batch and start; None takes 300, 1000 and 500 for the three methods.
        tolerance: when to stop, in yardsticks.
        generator: of δ and of the noise; without one, seed 0.
        batch_size: images per batch; None takes the model's own.
        dtype: float32, or float64 where rounding would hide the difference.
        progress: called with the number of steps taken and the maximum.

    Raises:
        UnknownNameError: the model has no such layer, or there is no such method or start.
        ShapeError: `x` is not (B, C, H, W), the model does not take it, or a start has another shape.
        ContractError: the layer has no representation of each image, or the model takes tables.
        ArgumentError: a number is out of its range, or restarts would all be the same.

    Source:
        Badger, "Autoencoders: Learning by Copying", on the representation of the input.
    """
    if isinstance(model, Model) and model.takes_tables:
        raise ContractError(
            "invert works on images, and this model takes tables; use images and a model trained on them"
        )
    _check(method, start, restarts, steps, tolerance, dtype)
    asked = settled(model, dtype=dtype)
    a = take_batch(asked, x)
    if not isinstance(start, str):
        start = take_batch(asked, start, name="the start")
        check_same_shape(start, a)
    # A module that keeps no contract is taken with the contract's defaults.
    together = isinstance(model, Model) and model.uses_batch_statistics
    own = model.batch_size if isinstance(model, Model) else TrainedOn().batch_size
    size = own if batch_size is None else batch_size
    most = STEPS[method] if steps is None else steps
    question = _Question(
        represent=lambda images: represent(asked, images, layer).reshape(len(images), -1),
        a=a,
        chosen=[(each.to(a.device), count) for each, count in batch_indices(len(a), batch_size=size, fill=together)],
        together=together,
        method=method,
        steps=most,
        tolerance=tolerance,
    )
    draws = generator or torch.Generator().manual_seed(0)
    with torch.autocast(a.device.type, enabled=False), full_float32():
        shifted = a + draw_normal(a.shape, std=SHIFT, generator=draws, like=a)
        yardstick = _distances(question, shifted)
        starts = [_start_images(start, a, draws) for _ in range(restarts)]
        x_hat, taken = _nearest_images(question, starts, yardstick, progress)
        near = _distances(question, x_hat)
    return Inversion(
        x=x_hat,
        distance=near,
        yardstick=yardstick,
        converged=(near < yardstick) | (near == 0),
        input_distance=distance(x_hat, a),
        aligned_distance=distance(aligned(x_hat, a), a),
        steps=taken,
    )


def _check(
    method: str, start: str | ExamplesLike, restarts: int, steps: int | None, tolerance: float, dtype: torch.dtype
) -> None:
    check_choice("method", method, METHODS)
    if isinstance(start, str):
        check_choice("start", start, ("noise", "constant"))
    check_at_least("restarts", restarts, 1)
    if restarts > 1 and (not isinstance(start, str) or start != "noise"):
        raise ArgumentError(
            f"restarts must be 1 from a start that is always the same, got {restarts}; start from noise (--start noise)"
        )
    check_at_least("steps", 1 if steps is None else steps, 1)
    check_positive("tolerance", tolerance)
    if dtype not in (torch.float32, torch.float64):
        raise ArgumentError(f"dtype must be torch.float32 or torch.float64, got {dtype}; the certificate needs it")


def _start_images(start: str | Images, a: Images, draws: torch.Generator) -> Images:
    if isinstance(start, Tensor):
        return start.detach().to(a)
    if start == "constant":
        return torch.full_like(a, 0.5)
    return draw_normal(a.shape, mean=0.7, std=0.05, generator=draws, like=a)


@torch.no_grad()
def _distances(question: _Question, x: Images) -> PerImage:
    """‖h(x) − h(a)‖, each image of `x` among the others as each of a among the others."""
    found = [
        (question.represent(x[indices]) - question.represent(question.a[indices]))[:count].norm(dim=1)
        for indices, count in question.chosen
    ]
    return torch.cat(found)


@torch.enable_grad()
def _nearest_images(
    question: _Question,
    starts: list[Images],
    yardstick: PerImage,
    progress: Callable[[int, int], None] | None,
) -> tuple[Images, int]:
    """The nearest images over all starts, and the most steps of one descent."""
    x_hat, longest, done = question.a.clone(), 0, 0
    # Where the yardstick is 0, distances are in units of the representation.
    scale = torch.where(yardstick > 0, yardstick, torch.ones_like(yardstick))
    total = question.steps * len(starts) * len(question.chosen)
    for indices, count in question.chosen:
        own = indices[:count]
        nearest = Nearest(starts[0][own], together=question.together)
        with torch.no_grad():
            h = question.represent(question.a[indices])[:count]
        for start in starts:
            found, taken = descend(
                lambda x, indices=indices, count=count, own=own, h=h: (
                    question.represent(x_hat.index_copy(0, own, x)[indices])[:count] - h
                ),
                start[own],
                yardstick=scale[own],
                together=question.together,
                method=question.method,
                steps=question.steps,
                tolerance=question.tolerance,
                stepped=lambda step, done=done: progress(done + step, total) if progress else None,
            )
            nearest.see(found.x, found.ratio)
            longest, done = max(longest, taken), done + question.steps
        x_hat[own] = nearest.x
    return x_hat, longest
