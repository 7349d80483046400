"""Images from pure noise by copying alone: copies of copies, with the statistics of the batch set right after each."""

__all__ = ["RepeatedCopying"]

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, final

import torch
from torch import Tensor

from copyist.checks import check_at_least, check_choice, check_finite
from copyist.data import open_source
from copyist.errors import ArgumentError, DataError, ShapeError, UnknownNameError
from copyist.models.contracts import Model
from copyist.procedures.method import ApplyPart, Method
from copyist.randomness import draw_normal
from copyist.tensors import Images

_FEWEST = 32
"""Samples from which on a mean and a standard deviation over them say something."""

_LEAST = 1e-3
"""Below this a standard deviation is none: there the samples take the mean."""

_AT_ONCE = 1024
"""Images whose sums are taken at once."""


@final
@dataclass(frozen=True, kw_only=True)
class RepeatedCopying(Method):
    """Copies of copies of pure noise, with no schedule and no new noise.

        x₀ ~ N(m, std²),  xₙ = m + s · (x̂ − m̂) / ŝ  with x̂ = D(E(xₙ₋₁)),  the sample is the last

    m and s are mean and standard deviation of training images, m̂ and ŝ those of the batch of all samples: at each place
    of each channel, or of each channel over all places. A copier pulls what it copies toward the data, but brightness
    and contrast drift with every copy; two numbers set right after each are what keeps them. Samples then depend on the
    others that are made with them.

    Raises:
        ArgumentError: a number is out of its range.
        UnknownNameError: there are no such statistics.
    """

    steps: int = 30
    """How many times to copy."""

    mean: float | None = None
    """Of the noise; None is the mean of the training images."""

    std: float = 0.2
    """Of the noise."""

    statistics: Literal["places", "channels", "none"] = "places"
    """What is set right after each copy: mean and standard deviation of each place, of each channel, or nothing."""

    source: str | None = None
    """Of the images whose statistics are right; None is what the model was trained on."""

    def __post_init__(self) -> None:
        check_at_least("steps", self.steps, 1)
        check_at_least("std", self.std, 0)
        if self.mean is not None:
            check_finite("mean", self.mean)
        check_choice("statistics=", self.statistics, ("places", "channels", "none"))

    @property
    def num_steps(self) -> int:
        return self.steps

    def check(self, model: Model, shape: tuple[int, ...]) -> None:
        super().check(model, shape)
        if not self._needs_images:
            return
        source = self._source_for(model)
        try:
            found = _places(source)[0].shape
        except (DataError, UnknownNameError) as error:
            raise DataError(
                f"the images must be there whose statistics samples are to have, got {source!r}, of which {error}; say "
                "where they are (--set source=…), or do without (--set statistics=none --noise-mean 0.5)"
            ) from error
        if found != torch.Size(shape):
            raise ShapeError(
                f"samples must have the shape of the images whose statistics they take, got {_by(shape)} and "
                f"{_by(found)} of {source}; name another source (--set source=…), or leave --size out"
            )

    def __call__(
        self, model: Model, shape: Sequence[int], *, apply: ApplyPart, generator: torch.Generator, like: Tensor
    ) -> Iterator[Images]:
        if shape[0] < _FEWEST and self.statistics != "none":
            raise ArgumentError(
                f"statistics are set right over at least {_FEWEST} samples, got {shape[0]}; take more (--count "
                f"{_FEWEST}), or --set statistics=none"
            )
        places = _places(self._source_for(model)) if self._needs_images else (torch.zeros(()), torch.zeros(()))
        mean, std = (each.to(like) for each in (_of_channels(*places) if self.statistics == "channels" else places))
        middle = float(mean.mean()) if self.mean is None else self.mean
        x = draw_normal(shape, mean=middle, std=self.std, generator=generator, like=like)
        for _ in range(self.steps):
            x = apply(model, x)
            x = x if self.statistics == "none" else _set_right(x, mean, std)
            yield x

    @property
    def _needs_images(self) -> bool:
        return self.statistics != "none" or self.mean is None

    def _source_for(self, model: Model) -> str:
        return model.trained_on.source if self.source is None else self.source


def _set_right(x: Images, mean: Tensor, std: Tensor) -> Images:
    """With this mean and standard deviation (C, H, W), of each place, or (C, 1, 1), of each channel."""
    over = 0 if mean.shape[1:] == x.shape[2:] else (0, 2, 3)
    own = x.std(over, correction=0).view(std.shape)
    return mean + std * (x - x.mean(over).view(mean.shape)) / own.clamp_min(_LEAST)


def _of_channels(mean: Tensor, std: Tensor) -> tuple[Tensor, Tensor]:
    """Those of each channel (C, 1, 1), from those of each place (C, H, W)."""
    middle = mean.mean((1, 2), keepdim=True)
    return middle, (std.square() + (mean - middle).square()).mean((1, 2), keepdim=True).sqrt()


@cache
def _places(source: str) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each place (C, H, W), over all training images of a source."""
    train = open_source(source).train
    total = squares = torch.zeros((), dtype=torch.float64)
    for start in range(0, len(train), _AT_ONCE):
        x = train.images(start, start + _AT_ONCE).double()
        total, squares = total + x.sum(0), squares + x.square().sum(0)
    mean = total / len(train)
    return mean.float(), (squares / len(train) - mean.square()).clamp_min(0).sqrt().float()


def _by(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))
