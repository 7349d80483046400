"""What a corruption is: settings one calls, each one number, or a range that each example draws from."""

__all__ = ["Corruption", "Setting", "check_setting", "check_sigma", "per_example"]

import abc
import math
from typing import TypeAlias

import torch
from torch import Tensor

from copyist.checks import check_at_least, check_within
from copyist.errors import ArgumentError
from copyist.randomness import draw_uniform
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


def check_setting(name: str, value: Setting, low: float, high: float) -> None:
    """Refuse a setting unless it is a number, or a range of numbers, from `low` to `high`.

    Raises:
        ArgumentError: a number is out of these bounds, or a range runs from high to low.
    """
    ends = value if isinstance(value, tuple) else (value, value)
    for end in ends:
        if math.isinf(high):
            check_at_least(name, end, low)
        else:
            check_within(name, end, low, high)
    if ends[0] > ends[1]:
        raise ArgumentError(f"{name} must be a range from low to high, got {ends}; swap them")


def check_sigma(sigma: Setting, high: float) -> None:
    """Refuse a standard deviation unless it is greater than 0 and at most `high`; a range may begin at 0.

    Raises:
        ArgumentError: as `check_setting`, or it is 0.
    """
    check_setting("sigma", sigma, 0, high)
    if sigma in (0, (0, 0)):
        raise ArgumentError(f"sigma must be greater than 0, got {sigma}; a range, as (0, 0.2), may begin at 0")


def per_example(value: Setting, x: Tensor, generator: torch.Generator) -> Tensor:
    """The setting as (1, 1, ...) for all examples, or drawn as (B, 1, ...) from its range."""
    ones = [1] * (x.ndim - 1)
    if not isinstance(value, tuple):
        return x.new_full((1, *ones), value)
    low, high = value
    return low + (high - low) * draw_uniform((len(x), *ones), generator=generator, like=x)
