"""Images from pure noise by copying alone: copies of copies, each given the mean and spread of training images."""

__all__ = ["RepeatedCopying"]

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, final

import torch
from torch import Tensor

from copyist.checks import check_at_least, check_choice, check_finite
from copyist.data import ExampleSet
from copyist.errors import ArgumentError
from copyist.models.contracts import Model
from copyist.procedures.method import ApplyPart, Method
from copyist.procedures.training_images import training_images, unlike_images
from copyist.randomness import draw_normal
from copyist.tensors import Images

_FEWEST = 32
"""Samples from which on a mean and a standard deviation over them say something."""

_LEAST = 1e-3
"""A standard deviation below this is not enlarged: such samples take the mean."""

_AT_ONCE = 1024
"""Images whose sums are taken at once."""


@final
@dataclass(frozen=True, kw_only=True)
class RepeatedCopying(Method):
    """Copies of copies of pure noise, with no schedule and no new noise.

        x₀ ~ N(m, std²),  xₙ = m + s · (x̂ − m̂) / ŝ  with x̂ = D(E(xₙ₋₁)),  the sample is the last

    m and s are mean and standard deviation of training images, m̂ and ŝ those of the batch of all samples: at each place
    of each channel, or of each channel over all places. A copier pulls what it copies toward the data, but brightness
    and contrast drift with every copy, and the two numbers are what keeps them. Each sample depends on the others that
    are made with it.

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
    """Of what mean and standard deviation are set after each copy: of each place, of each channel, or of nothing."""

    source: str | None = None
    """Of the images whose mean and standard deviation the samples get; None is what the model was trained on."""

    def __post_init__(self) -> None:
        check_at_least("steps", self.steps, 1)
        check_at_least("std", self.std, 0)
        if self.mean is not None:
            check_finite("mean", self.mean)
        check_choice("statistics=", self.statistics, ("places", "channels", "none"))

    @property
    def fewest(self) -> int:
        return 1 if self.statistics == "none" else _FEWEST

    @property
    def num_steps(self) -> int:
        return self.steps

    def __call__(
        self, model: Model, shape: Sequence[int], *, apply: ApplyPart, generator: torch.Generator, like: Tensor
    ) -> Iterator[Images]:
        mean, std, noise = self.begin(model, shape, generator=generator, like=like)
        return self.copies(noise, mean, std, copy=partial(apply, model))

    def begin(
        self, model: Model, shape: Sequence[int], *, generator: torch.Generator, like: Tensor
    ) -> tuple[Tensor, Tensor, Images]:
        """The statistics that each copy gets, as `statistics_for` gives them, and the noise (B, C, H, W) to copy.

        Raises:
            ArgumentError: there are too few samples to set statistics over; and as `statistics_for` does.
        """
        if shape[0] < self.fewest:
            raise ArgumentError(
                f"statistics are set over at least {self.fewest} samples, got {shape[0]}; take more (--count "
                f"{self.fewest}), or none (--set statistics=none)"
            )
        mean, std = (each.to(like) for each in self.statistics_for(model, shape[1:]))
        middle = float(mean.mean()) if self.mean is None else self.mean
        return mean, std, draw_normal(shape, mean=middle, std=self.std, generator=generator, like=like)

    def statistics_for(self, model: Model, shape: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of images, each (C, H, W) or (C, 1, 1); of none where nothing asks for them.

        Raises:
            ArgumentError, UnknownNameError, DataError: the images cannot be read.
            ShapeError: samples of this shape cannot have them.
        """
        if self.statistics == "none" and self.mean is not None:
            return torch.zeros(()), torch.ones(())
        mean, std = _of_places(
            training_images(
                model,
                self.source,
                what="statistics",
                otherwise=", or do without (--set statistics=none --noise-mean 0.5)",
            )
        )
        fits = {"places": mean.shape == torch.Size(shape), "channels": len(mean) == shape[0], "none": True}
        if not fits[self.statistics]:
            raise unlike_images(shape, mean.shape, what="statistics")
        return (mean, std) if self.statistics == "places" else _of_channels(mean, std)

    def copies(self, x: Images, mean: Tensor, std: Tensor, *, copy: Callable[[Images], Images]) -> Iterator[Images]:
        """Copies of copies of any images.

        Args:
            x: (B, C, H, W).
            mean, std: that each copy gets, as `statistics_for` gives them.
            copy: makes one.
        """
        for _ in range(self.steps):
            x = copy(x) if self.statistics == "none" else _with_statistics(copy(x), mean, std)
            yield x


def _of_places(images: ExampleSet) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each place (C, H, W), over all images."""
    total = squares = torch.zeros((), dtype=torch.float64)
    for start in range(0, len(images), _AT_ONCE):
        x = images.images(start, start + _AT_ONCE).double()
        total, squares = total + x.sum(0), squares + x.square().sum(0)
    mean = total / len(images)
    return mean.float(), (squares / len(images) - mean.square()).clamp_min(0).sqrt().float()


def _of_channels(mean: Tensor, std: Tensor) -> tuple[Tensor, Tensor]:
    """Those of each channel (C, 1, 1), from those of each place (C, H, W)."""
    middle = mean.mean((1, 2), keepdim=True)
    return middle, (std.square() + (mean - middle).square()).mean((1, 2), keepdim=True).sqrt()


def _with_statistics(x: Images, mean: Tensor, std: Tensor) -> Images:
    """`x` with this mean and standard deviation: (C, H, W), of each place, or (C, 1, 1), of each channel."""
    over = 0 if mean.shape[1:] == x.shape[2:] else (0, 2, 3)
    own = x.std(over, correction=0).view(std.shape)
    return mean + std * (x - x.mean(over).view(mean.shape)) / own.clamp_min(_LEAST)
