"""The parts of a report on anomalies: examples, counts, a drift, and what stands beside the detector."""

__all__ = ["Beside", "ColumnShare", "DriftPath", "Expected", "Histogram", "Judged", "KindOfExample"]

from dataclasses import dataclass
from typing import final

from copyist.evidence import Interval


@final
@dataclass(frozen=True, kw_only=True)
class ColumnShare:
    """One column of a row that was judged."""

    name: str

    share: float
    """Of the row's anomaly, in [0, 1]."""

    value: str
    """Its cell."""


@final
@dataclass(frozen=True, kw_only=True)
class Judged:
    """One example, and what was found of it."""

    name: str
    anomaly: float
    p_value: float
    flagged: bool

    kind: str = ""
    """Its label, where one is known: the name of its folder, or its class."""

    columns: tuple[ColumnShare, ...] = ()
    """Of a row those with the largest shares, the largest first."""


@final
@dataclass(frozen=True, kw_only=True)
class Expected:
    """How many of these examples would be flagged if all were normal."""

    mean: float

    low: int
    high: int
    """Within these bounds in 95 % of cases, over calibration and examples both."""


@final
@dataclass(frozen=True, kw_only=True)
class Histogram:
    """Anomalies of the calibration and of the examples, counted."""

    edges: tuple[float, ...]
    """(K + 1,), rising."""

    is_logarithmic: bool
    """Whether the edges rise by a factor."""

    calibration: tuple[int, ...]
    examples: tuple[int, ...]
    """(K,); what lies beyond the last edge is counted in the last bin."""


@final
@dataclass(frozen=True, kw_only=True)
class DriftPath:
    """The martingale over the examples in their order."""

    level: float
    """The probability of an alarm, ever, on data that did not change."""

    alarm: int | None
    """The place of the first example after which it is at least 1/level, from 0; None where there is none."""

    alarm_name: str | None
    """That example's name."""

    path: tuple[tuple[int, float], ...]
    """Numbers of examples seen, and the decimal logarithm of the martingale after them."""


@final
@dataclass(frozen=True, kw_only=True)
class KindOfExample:
    """All examples of one label."""

    name: str
    is_anomaly: bool
    count: int
    flagged: int

    auroc: Interval | None
    """Against all normal ones, with its 95 % interval; None for the normal ones."""


@final
@dataclass(frozen=True, kw_only=True)
class Beside:
    """A simple detector on the same examples, calibrated on the same ones at the same rate."""

    name: str
    flagged: int

    agreement: float
    """Spearman's rank correlation with the detector's anomalies, in [−1, 1]."""

    auroc: Interval | None = None
    average_precision: Interval | None = None
    """With their 95 % intervals; None where labels are not known."""

    difference: Interval | None = None
    """Its AUROC minus the detector's; the intervals of all simple detectors hold at once in 95 % of cases."""
