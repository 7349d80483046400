"""Bounds that stand before a run, and the verdicts that follow from intervals."""

__all__ = [
    "LEAST_SEEDS",
    "VERDICTS",
    "Above",
    "Below",
    "Criterion",
    "Judgement",
    "Verdict",
    "Within",
    "judged",
    "judgement",
    "verdict_of",
]

import abc
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, final, get_args

from copyist.checks import check_positive
from copyist.evidence.estimates import Interval, PartScale, student_interval, to_scale

Judgement: TypeAlias = Literal["supported", "refuted", "inconclusive"]
"""The verdict of an interval on a bound: all on the right side, all on the wrong one, or straddling it."""

Verdict: TypeAlias = Literal["supported", "refuted", "inconclusive", "regime not reached", "instrument failed", "open"]
"""A judgement; or why there is none.

regime not reached   the nets do not copy as well as those that the claim is about
instrument failed    what was to measure it does not pass its own controls
open                 what is needed to measure it is not there yet
"""

LEAST_SEEDS = 3
"""Before a verdict."""

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""All verdicts, the best first."""


@dataclass(frozen=True)
class Criterion(abc.ABC):
    """Where an interval must lie for a sentence to be shown."""

    @property
    @abc.abstractmethod
    def text(self) -> str:
        """The rule in words, such as "below 1"."""

    @property
    @abc.abstractmethod
    def between(self) -> tuple[float, float]:
        """The two numbers that the mean must lie between; infinite where nothing bounds it."""

    @final
    def judge(self, interval: Interval) -> Judgement:
        """The verdict of the interval; inconclusive where an end is not a number."""
        return judgement(interval, between=self.between)


@final
@dataclass(frozen=True)
class Below(Criterion):
    """The mean is below a bound."""

    bound: float

    @property
    def text(self) -> str:
        return f"below {self.bound:g}"

    @property
    def between(self) -> tuple[float, float]:
        return -math.inf, self.bound


@final
@dataclass(frozen=True)
class Above(Criterion):
    """The mean is above a bound."""

    bound: float

    @property
    def text(self) -> str:
        return f"above {self.bound:g}"

    @property
    def between(self) -> tuple[float, float]:
        return self.bound, math.inf


@final
@dataclass(frozen=True)
class Within(Criterion):
    """The mean is a given number, up to a margin: the whole interval lies inside it (an equivalence test).

    Source:
        Schuirmann (1987), by the interval; at 95 % it is stricter than the usual two one-sided tests at 5 %.
    """

    margin: float
    """Greater than 0."""

    around: float = 0.0
    """The number."""

    def __post_init__(self) -> None:
        check_positive("margin", self.margin)

    @property
    def text(self) -> str:
        return f"within {self.margin:g} of {self.around:g}"

    @property
    def between(self) -> tuple[float, float]:
        return self.around - self.margin, self.around + self.margin


def judgement(interval: Interval, *, between: tuple[float, float]) -> Judgement:
    """Whether an interval lies wholly between two numbers, wholly beyond one of them, or neither."""
    low, high = between
    if interval.low > low and interval.high < high:
        return "supported"
    return "refuted" if interval.high < low or interval.low > high else "inconclusive"


def judged(values: Sequence[float], *, between: tuple[float, float], scale: PartScale = "linear") -> Judgement:
    """The summary of one number per seed.

    Fewer than `LEAST_SEEDS`, or a seed that found no number of the scale, decide nothing: to leave that seed out would
    be to choose.
    """
    if len(values) < LEAST_SEEDS or not all(math.isfinite(to_scale(value, scale)) for value in values):
        return "inconclusive"
    return judgement(student_interval(values, scale=scale), between=between)


def verdict_of(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict on a claim from those on its parts: one refuted part refutes it, and all must hold."""
    found = set(verdicts)
    for decisive in ("refuted", "regime not reached", "instrument failed", "inconclusive", "open"):
        if decisive in found:
            return decisive
    return "supported" if found else "open"
