"""Images from pure noise, by a model that was never trained on any: copy, mix with new noise, copy again."""

__all__ = ["SCHEDULES", "sample", "sample_steps"]

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import TypeAlias

import torch
from torch.nn.functional import interpolate

from copyist.checks import check_at_least, check_finite, check_within
from copyist.errors import ArgumentError, ShapeError
from copyist.models.base import Model, Reconstructor
from copyist.models.batches import in_batches
from copyist.nn.precision import Precision, autocast
from copyist.randomness import draw_normal
from copyist.schedules import cosine, geometric, linear
from copyist.tensors import Images

SCHEDULES: Mapping[str, Callable[[int], tuple[float, ...]]] = {
    "linear": linear,
    "cosine": cosine,
    "geometric": geometric,
}
"""Shares of the copy against new noise, for a number of steps."""


def sample(
    model: Model,
    *,
    count: int,
    shape: tuple[int, int, int] | None = None,
    steps: int = 30,
    schedule: Sequence[float] | None = None,
    mean: float = 0.7,
    std: float = 0.2,
    grow: Sequence[tuple[int, int]] = (),
    grow_steps: int | None = None,
    grow_share: float = 0.5,
    generator: torch.Generator | None = None,
    batch_size: int | None = None,
    precision: Precision = "auto",
) -> Images:
    """Sample images by diffusion with no diffusion.

        a₀ ~ N(mean, std²),  aₙ = cₙ·D(E(aₙ₋₁)) + (1 − cₙ)·N(mean, std²),  the sample is the last D(E(aₙ₋₁))

    With `grow` the sample is then enlarged, bilinearly, to each size in turn, and copied on from there. The schedule
    starts again at the share c₀, and M steps bring it to 1:

        a₀ = c₀·enlarged + (1 − c₀)·N(mean, std²),  cₙ = c₀ + (1 − c₀)·n / M

    Args:
        model: any that copies; one trained to do no more will do.
        count: how many images.
        shape: (C, H, W) of one image; None takes that of the images the model was trained on.
        steps: N, how many times to copy.
        schedule: c₁ … c_N, in [0, 1]; None is n / N.
        mean: of the noise.
        std: of the noise.
        grow: sizes (H, W) to go on at, each larger than the one before, for models that take images of many sizes.
        grow_steps: M, how many times to copy at each of these sizes; None takes `steps`.
        grow_share: c₀ in [0, 1], how much of the enlarged image is kept; the rest is noise.
        generator: of the noise; without one, seed 0.
        batch_size: images per batch, which decides the answer of a model that uses batch statistics; None takes the
            model's own.
        precision: `auto` is bf16 where the hardware computes in it.

    Returns:
        Images (count, C, H, W) on the model's device, of the last size; values may leave [0, 1] a little.

    Raises:
        ContractError: the model does not copy, or takes tables.
        ArgumentError: a number is out of its range, or the schedule has not `steps` shares.
        ShapeError: the model does not take images of this shape, or of a size to grow to.

    Source:
        Badger, "Autoencoders: Learning by Copying", on diffusion with no diffusion; there N is 30 and 200.
    """
    x_hat = None
    for x_hat in sample_steps(  # noqa: B007 (the last one is the sample)
        model,
        count=count,
        shape=shape,
        steps=steps,
        schedule=schedule,
        mean=mean,
        std=std,
        grow=grow,
        grow_steps=grow_steps,
        grow_share=grow_share,
        generator=generator,
        batch_size=batch_size,
        precision=precision,
    ):
        pass
    assert x_hat is not None
    return x_hat


def sample_steps(
    model: Model,
    *,
    count: int,
    shape: tuple[int, int, int] | None = None,
    steps: int = 30,
    schedule: Sequence[float] | None = None,
    mean: float = 0.7,
    std: float = 0.2,
    grow: Sequence[tuple[int, int]] = (),
    grow_steps: int | None = None,
    grow_share: float = 0.5,
    generator: torch.Generator | None = None,
    batch_size: int | None = None,
    precision: Precision = "auto",
) -> Iterator[Images]:
    """The copies D(E(aₙ₋₁)) of `sample` at n = 1 … N, each (count, C, H, W); then those at each size it grows to."""
    check_at_least("count", count, 1)
    check_at_least("steps", steps, 1)
    check_finite("mean", mean)
    check_at_least("std", std, 0)
    shares = linear(steps) if schedule is None else tuple(schedule)
    if len(shares) != steps or not all(0 <= share <= 1 for share in shares):
        raise ArgumentError(f"a schedule must be {steps} shares in [0, 1], one per step, got {len(shares)} numbers")
    check_within("grow_share", grow_share, 0, 1)
    grow_steps = steps if grow_steps is None else grow_steps
    check_at_least("grow_steps", grow_steps, 1)
    model.check_pictures(verb="sample")
    model = model.as_reconstructor(verb="sample")
    found = shape or model.image_shape
    if found is None or len(found) != 3:
        raise ShapeError(f"shape must be (C, H, W) of one image, got {found}; give one, as in shape=(3, 32, 32)")
    shape = found
    _check_sizes(model, shape, grow)
    device = next((weight.device for weight in model.parameters()), torch.device("cpu"))
    like = torch.empty(0, device=device)
    draws = generator or torch.Generator().manual_seed(0)
    a = draw_normal((count, *shape), mean=mean, std=std, generator=draws, like=like)
    model.check_input(a)
    noise = partial(draw_normal, mean=mean, std=std, generator=draws, like=like)
    copy = partial(_copied, model, batch_size, precision)
    again = tuple(grow_share + (1 - grow_share) * share for share in linear(grow_steps))
    return _grown(a, shares, grow, grow_share, again, copy=copy, noise=noise)


Copy: TypeAlias = Callable[[Images], Images]
Noise: TypeAlias = Callable[[Sequence[int]], Images]


def _check_sizes(model: Reconstructor, shape: tuple[int, int, int], grow: Sequence[tuple[int, int]]) -> None:
    if not grow:
        return
    if model.image_size is not None:
        raise ShapeError(
            f"samples grow only in a model that takes images of many sizes, and this one takes {_by(model.image_size)} "
            "only; take a U-Net without a hidden module"
        )
    for before, size in pairwise([shape[1:], *grow]):
        if size[0] < before[0] or size[1] < before[1] or size == before:
            raise ArgumentError(
                f"each size to grow to must be larger than the one before, got {_by(before)} and {_by(size)}"
            )
        model.check_input(torch.zeros(()).expand(1, shape[0], *size))


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _copied(model: Reconstructor, batch_size: int | None, precision: Precision, a: Images) -> Images:
    with torch.no_grad(), autocast(precision, a.device):
        return in_batches(model, model, a, batch_size=batch_size).float()


def _grown(
    a: Images,
    shares: Sequence[float],
    grow: Sequence[tuple[int, int]],
    grow_share: float,
    again: Sequence[float],
    *,
    copy: Copy,
    noise: Noise,
) -> Iterator[Images]:
    x_hat = a
    for x_hat in _steps(a, shares, copy=copy, noise=noise):
        yield x_hat
    for size in grow:
        a = _mixed(interpolate(x_hat, size=size, mode="bilinear", align_corners=False), grow_share, noise)
        for x_hat in _steps(a, again, copy=copy, noise=noise):
            yield x_hat


def _steps(a: Images, shares: Sequence[float], *, copy: Copy, noise: Noise) -> Iterator[Images]:
    for share in shares:
        x_hat = copy(a)
        yield x_hat
        a = _mixed(x_hat, share, noise)


def _mixed(x: Images, share: float, noise: Noise) -> Images:
    return x if share == 1 else share * x + (1 - share) * noise(x.shape)
