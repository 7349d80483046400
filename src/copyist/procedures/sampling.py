"""Images from pure noise, by a model that was never trained on any: copy, mix with new noise, copy again."""

__all__ = ["SCHEDULES", "sample", "sample_steps"]

from collections.abc import Callable, Iterator, Mapping, Sequence

import torch

from copyist.checks import check_at_least, check_finite
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
    generator: torch.Generator | None = None,
    batch_size: int | None = None,
    precision: Precision = "auto",
) -> Images:
    """Sample images by diffusion with no diffusion.

        a₀ ~ N(mean, std²),  aₙ = cₙ·D(E(aₙ₋₁)) + (1 − cₙ)·N(mean, std²),  the sample is the last D(E(aₙ₋₁))

    Args:
        model: any that copies; one trained to do no more will do.
        count: how many images.
        shape: (C, H, W) of one image; None takes that of the images the model was trained on.
        steps: N, how many times to copy.
        schedule: c₁ … c_N, in [0, 1]; None is n / N.
        mean: of the noise.
        std: of the noise.
        generator: of the noise; without one, seed 0.
        batch_size: images per batch, which decides the answer of a model that uses batch statistics; None takes the
            model's own.
        precision: `auto` is bf16 where the hardware computes in it.

    Returns:
        Images (count, C, H, W) on the model's device; values may leave [0, 1] a little.

    Raises:
        ContractError: the model does not copy.
        ArgumentError: a number is out of its range, or the schedule has not `steps` shares.
        ShapeError: the model does not take images of this shape.

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
    generator: torch.Generator | None = None,
    batch_size: int | None = None,
    precision: Precision = "auto",
) -> Iterator[Images]:
    """The copies D(E(aₙ₋₁)) of `sample` at n = 1 … N, each (count, C, H, W)."""
    check_at_least("count", count, 1)
    check_at_least("steps", steps, 1)
    check_finite("mean", mean)
    check_at_least("std", std, 0)
    shares = linear(steps) if schedule is None else tuple(schedule)
    if len(shares) != steps or not all(0 <= share <= 1 for share in shares):
        raise ArgumentError(f"a schedule must be {steps} shares in [0, 1], one per step, got {len(shares)} numbers")
    model = model.as_reconstructor(verb="sample")
    shape = shape or model.image_shape
    if shape is None or len(shape) != 3:
        raise ShapeError(f"shape must be (C, H, W) of one image, got {shape}; give one, as in shape=(3, 32, 32)")
    device = next((weight.device for weight in model.parameters()), torch.device("cpu"))
    like = torch.empty(0, device=device)
    draws = generator or torch.Generator().manual_seed(0)
    a = draw_normal((count, *shape), mean=mean, std=std, generator=draws, like=like)
    model.check_input(a)
    return _steps(model, a, shares, mean, std, draws, batch_size, precision)


def _steps(
    model: Reconstructor,
    a: Images,
    shares: Sequence[float],
    mean: float,
    std: float,
    draws: torch.Generator,
    batch_size: int | None,
    precision: Precision,
) -> Iterator[Images]:
    for share in shares:
        with torch.no_grad(), autocast(precision, a.device):
            x_hat = in_batches(model, model, a, batch_size=batch_size).float()
        yield x_hat
        if share < 1:
            a = share * x_hat + (1 - share) * draw_normal(a.shape, mean=mean, std=std, generator=draws, like=a)
        else:
            a = x_hat
