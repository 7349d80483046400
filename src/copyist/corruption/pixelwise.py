"""Corruptions of each value by itself: noise, fading, lost values."""

__all__ = ["Blend", "GaussianNoise", "Identity", "MaskingNoise", "SaltAndPepper", "Shift"]

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from copyist.checks import check_at_least, check_examples, check_finite
from copyist.corruption.contract import Corruption, Setting, check_setting, check_sigma, per_example
from copyist.randomness import draw_normal, draw_uniform
from copyist.tensors import Images


@final
@dataclass(frozen=True)
class Identity(Corruption):
    """x̃ = x: plain copying."""

    def __call__(self, x: Images, *, generator: torch.Generator) -> Images:
        check_examples(x)
        return x.clone()


@final
@dataclass(frozen=True)
class Blend(Corruption):
    """x̃ = αx + (1 − α)n with n ~ N(mean, std²) in every value; at α = 0 nothing of the image is left."""

    alpha: Setting
    """Weight of the image, in [0, 1]."""

    mean: float = 0.7
    """Mean of the noise; together with α it moves the image's brightness and fades its contrast."""

    std: float = 0.2
    """Standard deviation of the noise before it is weighted by 1 − α, in units of pixel value."""

    def __post_init__(self) -> None:
        check_setting("alpha", self.alpha, 0, 1)
        check_finite("mean", self.mean)
        check_at_least("std", self.std, 0)

    def __call__(self, x: Images, *, generator: torch.Generator) -> Images:
        check_examples(x)
        alpha = per_example(self.alpha, x, generator)
        noise = draw_normal(x.shape, mean=self.mean, std=self.std, generator=generator, like=x)
        return alpha * x + (1 - alpha) * noise


@final
@dataclass(frozen=True)
class Shift(Corruption):
    """x̃ = αx + (1 − α)·mean: what a `Blend` does to brightness and contrast, without its noise."""

    alpha: Setting
    """Weight of the image, in [0, 1]."""

    mean: float = 0.7
    """The gray that all values move toward."""

    def __post_init__(self) -> None:
        check_setting("alpha", self.alpha, 0, 1)
        check_finite("mean", self.mean)

    def __call__(self, x: Images, *, generator: torch.Generator) -> Images:
        check_examples(x)
        alpha = per_example(self.alpha, x, generator)
        return alpha * x + (1 - alpha) * self.mean


@final
@dataclass(frozen=True)
class GaussianNoise(Corruption):
    """x̃ = x + N(0, σ²) in every value."""

    sigma: Setting
    """Standard deviation, in units of pixel value, greater than 0; a range may begin at 0."""

    def __post_init__(self) -> None:
        check_sigma(self.sigma, math.inf)

    def __call__(self, x: Images, *, generator: torch.Generator) -> Images:
        check_examples(x)
        sigma = per_example(self.sigma, x, generator)
        return x + sigma * draw_normal(x.shape, generator=generator, like=x)


@final
@dataclass(frozen=True)
class SaltAndPepper(Corruption):
    """Each value is lost with probability `share`, and is then 0 or 1 by the toss of a fair coin.

    Source:
        Vincent et al. (2010), "Stacked Denoising Autoencoders", section 3.3; there the share is exact in each example.
    """

    share: Setting
    """Probability that a value is lost, in [0, 1]."""

    def __post_init__(self) -> None:
        check_setting("share", self.share, 0, 1)

    def __call__(self, x: Images, *, generator: torch.Generator) -> Images:
        check_examples(x)
        lost = _lost(self.share, x, generator)
        salt = draw_uniform(x.shape, generator=generator, like=x) < 0.5
        return torch.where(lost, salt.to(x.dtype), x)


@final
@dataclass(frozen=True)
class MaskingNoise(Corruption):
    """Each value is set to 0 with probability `share`.

    Source:
        Vincent et al. (2010), "Stacked Denoising Autoencoders", section 3.3; there the share is exact in each example.
    """

    share: Setting
    """Probability that a value is lost, in [0, 1]."""

    def __post_init__(self) -> None:
        check_setting("share", self.share, 0, 1)

    def __call__(self, x: Images, *, generator: torch.Generator) -> Images:
        check_examples(x)
        return x.masked_fill(_lost(self.share, x, generator), 0)


def _lost(share: Setting, x: Tensor, generator: torch.Generator) -> Tensor:
    probability = per_example(share, x, generator)
    return draw_uniform(x.shape, generator=generator, like=x) < probability
