"""Estimates over seeds and shares of trials: on which scale they are averaged, and their 95 % intervals."""

__all__ = [
    "Interval",
    "PartScale",
    "adjusted_share",
    "binomial_interval",
    "from_scale",
    "odds",
    "student_interval",
    "to_scale",
]

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from copyist.checks import check_within

PartScale: TypeAlias = Literal["linear", "log", "logit"]
"""On which a number is averaged: as it is, or its logarithm (ratios), or that of its odds (shares)."""


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % confidence interval."""

    mean: float
    """The mean of the values."""

    low: float
    """Lower end; not a number where one value alone tells no spread."""

    high: float
    """Upper end; likewise."""


def student_interval(values: Sequence[float], *, scale: PartScale = "linear") -> Interval:
    """Student's 95 % interval for the mean of independent draws.

    Args:
        values: the draws; those that are not finite on the scale are left out.
        scale: on which they are averaged; the interval is given as numbers again, so that on the logarithmic scale its
            middle is a geometric mean.

    Returns:
        The mean ± t₀.₉₇₅(n − 1) · s/√n of the n finite values; nothing but "not a number" where there is none.
    """
    from scipy.special import stdtrit

    finite = [there for there in (to_scale(value, scale) for value in values) if math.isfinite(there)]
    count = len(finite)
    if count == 0:
        return Interval(math.nan, math.nan, math.nan)
    mean = math.fsum(finite) / count
    if count == 1:
        return Interval(from_scale(mean, scale), math.nan, math.nan)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in finite) / (count - 1))
    reach = float(stdtrit(count - 1, 0.975)) * spread / math.sqrt(count)
    return Interval(*(from_scale(end, scale) for end in (mean, mean - reach, mean + reach)))


def to_scale(value: float, scale: PartScale) -> float:
    """A number on a scale; not a number where it has no place there, and infinite at the scale's ends."""
    if scale == "linear":
        return value
    if scale == "log":
        return math.log(value) if value > 0 else (-math.inf if value == 0 or value == -math.inf else math.nan)
    if 0 < value < 1:
        return math.log(value / (1 - value))
    if value in (0, -math.inf):
        return -math.inf
    return math.inf if value in (1, math.inf) else math.nan


def from_scale(value: float, scale: PartScale) -> float:
    """The number that has this place on a scale."""
    if scale == "linear":
        return value
    if scale == "log":
        return math.exp(min(value, 700.0))
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))


def adjusted_share(successes: int, trials: int) -> float:
    """A share that is never 0 or 1, so that it has a place on the scale of log-odds: (k + ½) / (n + 1).

    Args:
        successes: k, how many, from 0 to `trials`.
        trials: n, at least 1.

    Raises:
        ArgumentError: a number is out of its range.

    Source:
        Haldane (1956) and Anscombe (1956), on the empirical logit.
    """
    check_within("trials", trials, 1, math.inf)
    check_within("successes", successes, 0, trials)
    return (successes + 0.5) / (trials + 1)


def odds(successes: int, trials: int) -> float:
    """The odds of a share that is never 0 or 1: p / (1 − p), p = (k + ½) / (n + 1).

    Raises:
        ArgumentError: as `adjusted_share`.
    """
    share = adjusted_share(successes, trials)
    return share / (1 - share)


def binomial_interval(successes: int, trials: int) -> Interval:
    """The exact 95 % interval for a share of independent trials.

    Args:
        successes: how many, from 0 to `trials`.
        trials: at least 1.

    Raises:
        ArgumentError: a number is out of its range.

    Source:
        Clopper & Pearson (1934), through SciPy.
    """
    from scipy.stats import binomtest

    check_within("trials", trials, 1, math.inf)
    check_within("successes", successes, 0, trials)
    found = binomtest(successes, trials).proportion_ci(confidence_level=0.95, method="exact")
    return Interval(successes / trials, float(found.low), float(found.high))
