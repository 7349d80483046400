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
    "PartScale",
    "Regime",
    "Verdict",
    "Within",
    "adjusted_share",
    "binomial_interval",
    "from_scale",
    "judged",
    "judgement",
    "student_interval",
    "to_scale",
    "verdict_of",
]

import abc
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, final, get_args

from copyist.checks import check_at_least, check_choice, check_positive, check_within
from copyist.errors import ArgumentError

Judgement: TypeAlias = Literal["supported", "refuted", "inconclusive"]
"""The verdict of an interval on a bound: all on the right side, all on the wrong one, or straddling it."""

Verdict: TypeAlias = Literal["supported", "refuted", "inconclusive", "regime not reached", "instrument failed", "open"]
"""A judgement; or why there is none.

regime not reached   the nets do not copy as well as those that the claim is about
instrument failed    what was to measure it does not pass its own controls
open                 what is needed to measure it is not there yet
"""

PartScale: TypeAlias = Literal["linear", "log", "logit"]
"""On which a number is averaged: as it is, or its logarithm (ratios), or that of its odds (shares)."""

RESULT_VERSION = 2
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
class Regime:
    """Which nets a claim is about: how well they copy, and through how large a code.

    Every net that a run judges must be of this kind, in every seed; else the claim's verdict is "regime not reached".
    """

    psnr: float | None = 33.0
    """Least PSNR of copies of clean images, of their mean squared error, in dB; None where no quality is asked for."""

    split: Literal["held-out", "training"] = "held-out"
    """Of which images."""

    code: float = 0.0
    """Least number of the code's values, over that of the image's; 0 where nothing is asked of the code."""

    why: str = ""
    """Why no quality is asked for, where none is."""

    def __post_init__(self) -> None:
        check_at_least("code", self.code, 0)
        if (self.psnr is None) != bool(self.why):
            raise ArgumentError("a regime must ask for a PSNR, or say why it asks for none; give one of psnr and why")

    @property
    def text(self) -> str:
        """In words, such as "copies of held-out images of at least 33 dB, a code of at least 1.33 times the image"."""
        asked = [] if self.psnr is None else [f"copies of {self.split} images of at least {self.psnr:g} dB"]
        if self.code:
            asked.append(f"a code of at least {self.code:g} times the image's values")
        return ", ".join(asked) or f"none: {self.why}"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One number that a claim stands or falls with."""

    name: str
    """In lower case, with underscores."""

    measure: str
    """What the number is, in words or a formula, with its data and settings."""

    holds_when: Criterion
    """The bound, written before the run."""

    source: str = ""
    """What the source says that asks for this part, in meaning, and where; empty where the part is ours."""

    scale: PartScale = "linear"
    """On which the seeds' numbers are averaged and judged."""

    instruments: tuple[str, ...] = ()
    """What measures it, where that has controls of its own: the first that passes them in every seed is judged by."""

    waits_for: str = ""
    """What has to be built before it can be measured; until then the part is open."""

    def __post_init__(self) -> None:
        check_choice("the scale of a part", self.scale, get_args(PartScale))
        low, high = (to_scale(end, self.scale) for end in self.holds_when.between)
        if math.isnan(low) or math.isnan(high):
            raise ArgumentError(f"the bound of {self.name} must be a number of its scale, {self.scale}")

    @property
    def owner(self) -> Literal["source", "ours"]:
        """Whose part it is: the source asks for it, or we do."""
        return "source" if self.source else "ours"


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
    """All those that the source asks for must hold for the claim to be supported; ours are judged apart."""

    regime: Regime
    """Which nets it is about."""

    picture: str = ""
    """The short name of the pictures or curves that let a reader see it; empty for the chart of the parts."""

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
