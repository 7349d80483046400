"""What happens to an image before it is copied: noise, fading, blur, lost values."""

__all__ = [
    "CORRUPTIONS",
    "Blend",
    "Blur",
    "Corruption",
    "GaussianNoise",
    "Identity",
    "MaskingNoise",
    "OneOf",
    "SaltAndPepper",
    "Shift",
    "gaussian_blur",
    "named_corruption",
]

import abc
import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, TypeAlias, final

import torch
from torch import Tensor

from copyist.checks import check_at_least, check_choice, check_examples, check_finite, check_images, check_within
from copyist.errors import ArgumentError, UnknownNameError
from copyist.randomness import draw_normal
from copyist.tensors import Images

Setting: TypeAlias = float | tuple[float, float]
"""One value for all images, or a range (low, high) from which each image draws its own, uniformly."""


class Corruption(abc.ABC):
    """x̃ = C(x): settings one calls. Examples (B, ...) in, the same shape out; x̃ is never clipped to [0, 1].

    All randomness comes from `generator`: its state alone decides the bits, wherever `x` lies.
    """

    @abc.abstractmethod
    def __call__(self, x: Images, *, generator: torch.Generator) -> Images:
        """Corrupted copies of `x` (B, ...), in its dtype and on its device."""


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
        _check_setting("alpha", self.alpha, 0, 1)
        check_finite("mean", self.mean)
        check_at_least("std", self.std, 0)

    def __call__(self, x: Images, *, generator: torch.Generator) -> Images:
        check_examples(x)
        alpha = _per_example(self.alpha, x, generator)
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
        _check_setting("alpha", self.alpha, 0, 1)
        check_finite("mean", self.mean)

    def __call__(self, x: Images, *, generator: torch.Generator) -> Images:
        check_examples(x)
        alpha = _per_example(self.alpha, x, generator)
        return alpha * x + (1 - alpha) * self.mean


@final
@dataclass(frozen=True)
class GaussianNoise(Corruption):
    """x̃ = x + N(0, σ²) in every value."""

    sigma: Setting
    """Standard deviation, in units of pixel value, greater than 0; a range may begin at 0."""

    def __post_init__(self) -> None:
        _check_sigma(self.sigma, math.inf)

    def __call__(self, x: Images, *, generator: torch.Generator) -> Images:
        check_examples(x)
        sigma = _per_example(self.sigma, x, generator)
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
        _check_setting("share", self.share, 0, 1)

    def __call__(self, x: Images, *, generator: torch.Generator) -> Images:
        check_examples(x)
        lost = _lost(self.share, x, generator)
        salt = _uniform(x.shape, generator, like=x) < 0.5
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
        _check_setting("share", self.share, 0, 1)

    def __call__(self, x: Images, *, generator: torch.Generator) -> Images:
        check_examples(x)
        return x.masked_fill(_lost(self.share, x, generator), 0)


@final
@dataclass(frozen=True)
class Blur(Corruption):
    """A Gaussian blur; borders are mirrored."""

    sigma: Setting
    """Standard deviation of the kernel: here alone in pixels of distance, not of value. Greater than 0, and at most
    1000; a range may begin at 0."""

    def __post_init__(self) -> None:
        _check_sigma(self.sigma, 1000)

    def __call__(self, x: Images, *, generator: torch.Generator) -> Images:
        return gaussian_blur(x, sigma=_per_example(self.sigma, x, generator).flatten())


@final
@dataclass(frozen=True)
class OneOf(Corruption):
    """Each example gets one of several corruptions, all equally likely."""

    corruptions: tuple[Corruption, ...]
    """The corruptions to choose among, at least one."""

    def __post_init__(self) -> None:
        if not self.corruptions:
            raise ArgumentError("one-of must have at least one corruption to choose, got none")

    def __call__(self, x: Images, *, generator: torch.Generator) -> Images:
        check_examples(x)
        choice = torch.randint(len(self.corruptions), (len(x),), generator=generator, device=generator.device)
        x_tilde = x.clone()
        for index, corruption in enumerate(self.corruptions):
            chosen = (choice == index).to(x.device)
            if bool(chosen.any()):
                x_tilde[chosen] = corruption(x[chosen], generator=generator)
        return x_tilde


CORRUPTIONS: dict[str, type[Corruption]] = {
    "identity": Identity,
    "blend": Blend,
    "shift": Shift,
    "gaussian": GaussianNoise,
    "salt-and-pepper": SaltAndPepper,
    "masking": MaskingNoise,
    "blur": Blur,
    "one-of": OneOf,
}
"""By the name under which a recipe knows them."""


def named_corruption(name: str, settings: Mapping[str, float]) -> Corruption:
    """The corruption of the catalogue with this name and these settings.

    Raises:
        UnknownNameError: there is no such corruption, or it has no such setting.
        ArgumentError: a setting is missing or out of its range.
    """
    choices = {known: kind for known, kind in CORRUPTIONS.items() if kind is not OneOf}
    check_choice("corruption", name, choices)
    kind: Any = choices[name]
    parameters = {field.name: field for field in fields(kind)}
    for setting in settings:
        if setting not in parameters:
            has = f"has {' and '.join(parameters)}" if parameters else "has none"
            raise UnknownNameError(f"{name} has no setting {setting!r}; it {has}")
    for parameter, field in parameters.items():
        if parameter not in settings and field.default is MISSING:
            raise ArgumentError(f"{name} must be given {parameter}; add --{parameter}, such as --{parameter} 0.3")
    return kind(**settings)


def gaussian_blur(x: Images, *, sigma: float | Tensor) -> Images:
    """Blur images with a Gaussian kernel, cut at 4 standard deviations, borders mirrored (c b a | a b c | c b a).

    Args:
        x: images (B, C, H, W) of any range.
        sigma: standard deviation of the kernel in pixels, at least 0: one number, or one per image (B,).

    Returns:
        Blurred images (B, C, H, W).

    Raises:
        ShapeError: `x` is not (B, C, H, W).
    """
    check_images(x)
    widths = torch.as_tensor(sigma, dtype=torch.float32).reshape(-1).to(x.device)  # (1,) or (B,)
    height, width = x.shape[-2:]
    down, across = _blur_matrix(height, widths, like=x), _blur_matrix(width, widths, like=x)
    return down[:, None] @ x @ across[:, None].mT


def _blur_matrix(side: int, sigma: Tensor, *, like: Tensor) -> Tensor:
    """The blur along one axis as matrices (len(sigma), side, side): each row holds one pixel's weights."""
    radius = (4 * sigma + 0.5).long()  # (S,)
    reach = int(radius.max())
    offsets = torch.arange(-reach, reach + 1, device=sigma.device)  # (K,)
    weights = torch.exp(-0.5 * (offsets / sigma.clamp(min=1e-6)[:, None]) ** 2)  # (S, K)
    weights = weights * (offsets.abs() <= radius[:, None])
    weights = weights / weights.sum(1, keepdim=True)
    source = (torch.arange(side, device=sigma.device)[:, None] + offsets) % (
        2 * side
    )  # (side, K), period of the mirror
    source = torch.minimum(source, 2 * side - 1 - source)
    matrix = torch.zeros(len(sigma), side, side, device=sigma.device)
    matrix.scatter_add_(2, source.expand(len(sigma), -1, -1), weights[:, None].expand(-1, side, -1))
    return matrix.to(like)


def _check_setting(name: str, value: Setting, low: float, high: float) -> None:
    ends = value if isinstance(value, tuple) else (value, value)
    for end in ends:
        if math.isinf(high):
            check_at_least(name, end, low)
        else:
            check_within(name, end, low, high)
    if ends[0] > ends[1]:
        raise ArgumentError(f"{name} must be a range from low to high, got {ends}; swap them")


def _check_sigma(sigma: Setting, high: float) -> None:
    _check_setting("sigma", sigma, 0, high)
    if sigma in (0, (0, 0)):
        raise ArgumentError(f"sigma must be greater than 0, got {sigma}; a range, as (0, 0.2), may begin at 0")


def _per_example(value: Setting, x: Tensor, generator: torch.Generator) -> Tensor:
    """The setting as (1, 1, ...) for all examples, or drawn as (B, 1, ...) from its range."""
    ones = [1] * (x.ndim - 1)
    if not isinstance(value, tuple):
        return x.new_full((1, *ones), value)
    low, high = value
    return low + (high - low) * _uniform((len(x), *ones), generator, like=x)


def _lost(share: Setting, x: Tensor, generator: torch.Generator) -> Tensor:
    probability = _per_example(share, x, generator)
    return _uniform(x.shape, generator, like=x) < probability


def _uniform(shape: tuple[int, ...], generator: torch.Generator, *, like: Tensor) -> Tensor:
    return torch.rand(shape, generator=generator, device=generator.device).to(like)
