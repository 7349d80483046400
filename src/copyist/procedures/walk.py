"""Encode, perturb, decode, again: a walk along the manifold of what the model has learned."""

__all__ = ["check_held_frames", "walk", "walk_steps"]

from collections.abc import Iterator

import torch
from torch import Tensor

from copyist.checks import check_at_least, check_positive
from copyist.devices import Precision, autocast
from copyist.errors import ArgumentError
from copyist.memory import check_memory
from copyist.models.contracts import Autoencoder, Model, needs, take_batch
from copyist.models.in_batches import in_batches
from copyist.procedures.at_rest import AtRest
from copyist.randomness import draw_normal
from copyist.tensors import ExamplesLike, Images


def walk(
    model: Model,
    x: ExamplesLike,
    *,
    steps: int = 300,
    noise: float = 0.2,
    generator: torch.Generator | None = None,
    until_still: float | None = None,
    batch_size: int | None = None,
    precision: Precision = "float32",
) -> Images:
    """Walk from each image, and keep every step.

        zₙ = E(xₙ) + ε,  ε ~ N(0, noise²),  xₙ₊₁ = D(zₙ)

    Args:
        model: one with a code.
        x: where to start, images (B, C, H, W).
        steps: how many times to encode and decode.
        noise: standard deviation of the noise in the code; with 0 the manifold's own instability moves the image.
        generator: of the noise; without one, seed 0.
        until_still: without noise, stop as soon as every image is at a fixed point or on a short cycle, which is when
            it comes back to within this share of its norm (see `AtRest`); None takes all steps.
        batch_size: images per batch, which decides the answer of a model that uses batch statistics; None takes the
            model's own.
        precision: `float32`, in which every verb computes unless another is requested; `auto` is bf16, faster and
            less exact, where the hardware computes in it.

    Returns:
        Frames (steps + 1, B, C, H, W) on the CPU, the start included; fewer where the walk came to rest.

    Raises:
        ShapeError: `x` is not (B, C, H, W), or the model does not take images of this shape.
        ContractError: the model has no code, or takes tables.
        ArgumentError: `steps` or `batch_size` is less than 1, `noise` is less than 0, or `until_still` is not
            greater than 0 or comes with noise; or the frames do not fit into memory.

    Source:
        Badger, "Autoencoders: Learning by Copying", on the manifold walk; there 300 steps with noise 0.2, and none.
    """
    start = take_batch(needs(model, Autoencoder, verb="walk"), x)
    check_held_frames(start, steps)
    frames = walk_steps(
        model,
        start,
        steps=steps,
        noise=noise,
        generator=generator,
        until_still=until_still,
        batch_size=batch_size,
        precision=precision,
    )
    return torch.stack([frame.cpu() for frame in frames])


def check_held_frames(x: Images, steps: int) -> None:
    """Refuse a way of so many steps from `x` whose frames are to be held, if they do not fit into memory.

    Raises:
        ArgumentError: they do not.
    """
    # The frames, and the tensor that they are joined into.
    check_memory(
        2 * 4 * (steps + 1) * x.numel(),
        f"{steps + 1} frames of {len(x)} images",
        remedy="take fewer steps (--steps 100), or fewer or smaller images",
    )


def walk_steps(
    model: Model,
    x: ExamplesLike,
    *,
    steps: int,
    noise: float,
    generator: torch.Generator | None = None,
    until_still: float | None = None,
    batch_size: int | None = None,
    precision: Precision = "float32",
) -> Iterator[Images]:
    """The frames of `walk`, one (B, C, H, W) after the other, for walks too long to be kept."""
    model = needs(model, Autoencoder, verb="walk")
    model.check_pictures(verb="walk")
    check_at_least("steps", steps, 1)
    check_at_least("noise", noise, 0)
    stillness = _stillness(until_still, noise)
    start = take_batch(model, x)
    draws = generator or torch.Generator().manual_seed(0)
    frames = _steps(model, start, steps, noise, draws, batch_size, precision)
    return frames if stillness is None else _until(stillness, frames)


def _stillness(until_still: float | None, noise: float) -> AtRest | None:
    if until_still is None:
        return None
    check_positive("until_still", until_still)
    if noise > 0:
        raise ArgumentError(f"until_still must come with noise=0, got noise={noise:g}; with noise nothing stands still")
    return AtRest(tolerance=until_still)


def _until(stillness: AtRest, frames: Iterator[Images]) -> Iterator[Images]:
    for frame in frames:
        yield frame
        stillness.observe(frame)
        if stillness.is_reached:
            return


def _steps(
    model: Autoencoder,
    x: Images,
    steps: int,
    noise: float,
    generator: torch.Generator,
    batch_size: int | None,
    precision: Precision,
) -> Iterator[Images]:
    yield x
    for _ in range(steps):
        with torch.no_grad(), autocast(precision, x.device):
            x = _step(model, x, noise, generator, batch_size)
        yield x


def _step(model: Autoencoder, x: Images, noise: float, generator: torch.Generator, batch_size: int | None) -> Images:
    drawn: list[Tensor] = []

    def copy(rows: Tensor) -> Images:
        z = model.encode(x[rows]).float()
        if noise > 0 and not drawn:
            # For all images at once: what is drawn does not depend on the batch.
            drawn.append(draw_normal((len(x), *z.shape[1:]), std=noise, generator=generator, like=z))
        # An image that is repeated to fill a batch is repeated with its noise.
        return model.decode(z + drawn[0][rows] if drawn else z).float()

    # Rows, so that a code and its noise are decoded among those it was encoded with, as by a copy.
    return in_batches(model, copy, torch.arange(len(x), device=x.device), batch_size=batch_size)
