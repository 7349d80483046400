"""Images from pure noise, by a model that was trained without noise: copy, mix with new noise, copy again."""

__all__ = ["SCHEDULES", "NoDiffusion"]

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TypeAlias, final

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from copyist.checks import check_at_least, check_choice, check_finite, check_within
from copyist.errors import ArgumentError, ShapeError
from copyist.models.contracts import Model
from copyist.procedures.method import ApplyPart, Method
from copyist.randomness import draw_normal
from copyist.schedules import cosine, geometric, linear
from copyist.tensors import Images

SCHEDULES: Mapping[str, Callable[[int], tuple[float, ...]]] = {
    "linear": linear,
    "cosine": cosine,
    "geometric": geometric,
}
"""Shares of the copy against new noise, for a number of steps, by name."""


@final
@dataclass(frozen=True, kw_only=True)
class NoDiffusion(Method):
    """Diffusion with no diffusion.

        a₀ ~ N(mean, std²),  aₙ = cₙ·D(E(aₙ₋₁)) + (1 − cₙ)·N(mean, std²),  the sample is the last D(E(aₙ₋₁))

    With `grow` the sample is then enlarged, bilinearly, to each size in turn, and copied on from there. The schedule
    starts again at the share c₀, and M steps bring it to 1:

        a₀ = c₀·enlarged + (1 − c₀)·N(mean, std²),  cₙ = c₀ + (1 − c₀)·n / M

    Raises:
        ArgumentError: a number is out of its range, the schedule has not `steps` shares, or there are steps for sizes
            to grow to and no such size.
        UnknownNameError: there is no schedule of that name.

    Source:
        Badger, "Autoencoders: Learning by Copying", on diffusion with no diffusion; there N is 30 and 200.
    """

    steps: int = 30
    """N, how many times to copy."""

    schedule: str | tuple[float, ...] | None = None
    """c₁ … c_N, in [0, 1], or the name of one of `SCHEDULES`; None is linear, n / N."""

    mean: float = 0.7
    """Of the noise."""

    std: float = 0.2
    """Of the noise."""

    grow: tuple[tuple[int, int], ...] = ()
    """Sizes (H, W) to go on at, each larger than the one before, for models that take images of many sizes."""

    grow_steps: int | None = None
    """M, how many times to copy at each of these sizes; None takes `steps`."""

    grow_share: float = 0.5
    """c₀ in [0, 1], how much of the enlarged image is kept; the rest is noise."""

    def __post_init__(self) -> None:
        check_at_least("steps", self.steps, 1)
        check_finite("mean", self.mean)
        check_at_least("std", self.std, 0)
        if isinstance(self.schedule, str):
            check_choice("schedule", self.schedule, SCHEDULES)
        shares = self.shares
        if len(shares) != self.steps or not all(0 <= share <= 1 for share in shares):
            raise ArgumentError(
                f"a schedule must be {self.steps} shares in [0, 1], one per step, got {len(shares)} numbers"
            )
        check_within("grow_share", self.grow_share, 0, 1)
        check_at_least("grow_steps", self.steps_per_size, 1)
        if self.grow_steps is not None and not self.grow:
            raise ArgumentError(
                f"grow_steps must come with sizes to grow to, got {self.grow_steps} and none; "
                "give grow too (--grow 64), or leave it out"
            )

    @property
    def shares(self) -> Sequence[float]:
        """c₁ … c_N."""
        if self.schedule is None or isinstance(self.schedule, str):
            return SCHEDULES[self.schedule or "linear"](self.steps)
        return self.schedule

    @property
    def steps_per_size(self) -> int:
        """M."""
        return self.steps if self.grow_steps is None else self.grow_steps

    @property
    def num_steps(self) -> int:
        return self.steps + len(self.grow) * self.steps_per_size

    def check(self, model: Model, shape: tuple[int, ...]) -> None:
        super().check(model, shape)
        if not self.grow:
            return
        if model.image_size is not None:
            raise ShapeError(
                "samples grow only in a model that takes images of many sizes, and this one takes "
                f"{_by(model.image_size)} only; take a U-Net without a hidden module, such as the recipe 'unet' trains"
            )
        for before, size in pairwise([(shape[-2], shape[-1]), *self.grow]):
            if size[0] < before[0] or size[1] < before[1] or size == before:
                raise ArgumentError(
                    f"each size to grow to must be larger than the one before, got {_by(before)} and {_by(size)}"
                )
            model.check_input(torch.zeros(()).expand(1, shape[0], *size))

    def __call__(
        self, model: Model, shape: Sequence[int], *, apply: ApplyPart, generator: torch.Generator, like: Tensor
    ) -> Iterator[Images]:
        copy = partial(apply, model)
        noise = partial(draw_normal, mean=self.mean, std=self.std, generator=generator, like=like)
        again = tuple(self.grow_share + (1 - self.grow_share) * share for share in linear(self.steps_per_size))
        x_hat = a = noise(shape)
        for x_hat in _steps(a, self.shares, copy=copy, noise=noise):
            yield x_hat
        for size in self.grow:
            enlarged = interpolate(x_hat, size=size, mode="bilinear", align_corners=False)
            a = _mixed(enlarged, self.grow_share, noise)
            for x_hat in _steps(a, again, copy=copy, noise=noise):
                yield x_hat


Noise: TypeAlias = Callable[[Sequence[int]], Images]


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _steps(a: Images, shares: Sequence[float], *, copy: Callable[[Images], Images], noise: Noise) -> Iterator[Images]:
    for share in shares:
        x_hat = copy(a)
        yield x_hat
        a = _mixed(x_hat, share, noise)


def _mixed(x: Images, share: float, noise: Noise) -> Images:
    return x if share == 1 else share * x + (1 - share) * noise(x.shape)
