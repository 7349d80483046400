"""A mean and the interval that holds it with 95 % confidence, and what that says about a bound."""

__all__ = ["Interval", "Judgement", "mean_interval"]

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from copyist.tensors import PerImage

Judgement: TypeAlias = Literal["supported", "refuted", "inconclusive"]
"""What an interval says about a bound: all on the right side, all on the wrong one, or straddling it."""


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % confidence interval."""

    mean: float
    """The mean of the values."""

    low: float
    """Lower end; not a number where one value alone tells no spread."""

    high: float
    """Upper end; likewise."""

    def below(self, bound: float) -> Judgement:
        """Judge the sentence "the mean is below `bound`"."""
        if self.high < bound:
            return "supported"
        return "refuted" if self.low > bound else "inconclusive"


def mean_interval(values: PerImage) -> Interval:
    """The mean of one number per image, with Student's 95 % interval over images.

    Args:
        values: (B,), taken as independent draws; those that are not finite are left out.

    Returns:
        The mean ± t₀.₉₇₅(n − 1) · s/√n of the n finite values; nothing but "not a number" where there is none.
    """
    from scipy.special import stdtrit

    finite = values[values.isfinite()].double()
    count = len(finite)
    if count == 0:
        return Interval(mean=math.nan, low=math.nan, high=math.nan)
    mean = float(finite.mean())
    if count == 1:
        return Interval(mean=mean, low=math.nan, high=math.nan)
    reach = float(stdtrit(count - 1, 0.975)) * float(finite.std()) / math.sqrt(count)
    return Interval(mean=mean, low=mean - reach, high=mean + reach)
