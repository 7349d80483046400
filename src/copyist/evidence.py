"""What it takes to have shown something: a claim, bounds that stand before the run, and a computed verdict."""

__all__ = [
    "LEAST_SEEDS",
    "RESULT_VERSION",
    "VERDICTS",
    "Above",
    "Below",
    "Claim",
    "Control",
    "Criterion",
    "Interval",
    "Judgement",
    "Part",
    "Verdict",
    "Within",
    "binomial_interval",
    "judged",
    "judgement",
    "student_interval",
    "verdict_of",
]

import abc
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, final, get_args

from copyist.checks import check_positive, check_within
from copyist.errors import ArgumentError

Judgement: TypeAlias = Literal["supported", "refuted", "inconclusive"]
"""The verdict of an interval on a bound: all on the right side, all on the wrong one, or straddling it."""

Verdict: TypeAlias = Literal["supported", "refuted", "inconclusive", "open"]
"""A judgement, or open: what is needed to measure it is not there yet."""

RESULT_VERSION = 1
"""Of the files of results; raised when older readers would misread newer ones."""

LEAST_SEEDS = 3
"""Before a verdict."""

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""All verdicts, the best first."""


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % confidence interval."""

    mean: float
    """The mean of the values."""

    low: float
    """Lower end; not a number where one value alone tells no spread."""

    high: float
    """Upper end; likewise."""


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


@dataclass(frozen=True, kw_only=True)
class Part:
    """One number that a claim stands or falls with."""

    name: str
    """In lower case, with underscores."""

    measure: str
    """What the number is, in words or a formula, with its data and settings."""

    holds_when: Criterion
    """The bound, written before the run."""

    waits_for: str = ""
    """What has to be built before it can be measured; until then the part is open."""


@dataclass(frozen=True, kw_only=True)
class Control:
    """A number that stands beside a claim: a dull explanation, or what would be expected without the effect."""

    name: str
    """In lower case, with underscores."""

    measure: str
    """What the number is."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence, and what has to be measured to have shown it."""

    sentence: str
    """What is claimed."""

    source: str
    """The source of the claim."""

    parts: tuple[Part, ...]
    """All must hold."""

    controls: tuple[Control, ...] = ()
    """The dullest explanation first."""

    def __post_init__(self) -> None:
        names = [each.name for each in (*self.parts, *self.controls)]
        if not self.parts:
            raise ArgumentError(f"a claim must have at least one part, got none for {self.sentence!r}")
        if len(set(names)) != len(names):
            raise ArgumentError(f"parts and controls of a claim must have different names, got {names}")


def judgement(interval: Interval, *, between: tuple[float, float]) -> Judgement:
    """Whether an interval lies wholly between two numbers, wholly beyond one of them, or neither."""
    low, high = between
    if interval.low > low and interval.high < high:
        return "supported"
    return "refuted" if interval.high < low or interval.low > high else "inconclusive"


def judged(values: Sequence[float], *, between: tuple[float, float]) -> Judgement:
    """The summary of one number per seed.

    Fewer than `LEAST_SEEDS`, or a seed that found no number, decide nothing: to leave that seed out would be to choose.
    """
    if len(values) < LEAST_SEEDS or not all(map(math.isfinite, values)):
        return "inconclusive"
    return judgement(student_interval(values), between=between)


def verdict_of(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict on a claim from those on its parts: one refuted part refutes it, and all must hold."""
    found = set(verdicts)
    for decisive in ("refuted", "inconclusive", "open"):
        if decisive in found:
            return decisive
    return "supported" if found else "open"


def student_interval(values: Sequence[float]) -> Interval:
    """Student's 95 % interval for the mean of independent draws.

    Args:
        values: the draws; those that are not finite are left out.

    Returns:
        The mean ± t₀.₉₇₅(n − 1) · s/√n of the n finite values; nothing but "not a number" where there is none.
    """
    from scipy.special import stdtrit

    finite = [value for value in values if math.isfinite(value)]
    count = len(finite)
    if count == 0:
        return Interval(math.nan, math.nan, math.nan)
    mean = math.fsum(finite) / count
    if count == 1:
        return Interval(mean, math.nan, math.nan)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in finite) / (count - 1))
    reach = float(stdtrit(count - 1, 0.975)) * spread / math.sqrt(count)
    return Interval(mean, mean - reach, mean + reach)


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
