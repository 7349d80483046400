"""What is to be expected of anomalies by number: flags, a histogram, the path of the martingale."""

__all__ = ["drift_path", "expected_flags", "histogram", "ranked_by_kind", "rate_interval"]

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from copyist.detection import Drift
from copyist.detection.conformal import threshold_rank
from copyist.evaluation.anomalies.report_parts import DriftPath, Expected, Histogram, KindOfExample
from copyist.evaluation.anomalies.truth import Truth
from copyist.evidence import Interval
from copyist.metrics.ranking import ranking
from copyist.tensors import PerImage

_BINS = 48
_WIDE = 20.0
"""Times the median: a histogram that reaches farther is drawn on a logarithmic scale."""

_STEPS = 400
"""Of the martingale's path that are kept."""


def expected_flags(count: int, *, false_alarms: float, num_calibration: int, in_groups: bool = False) -> Expected:
    """How many examples would be flagged if all were normal, like those of the calibration.

    The number follows the beta-binomial distribution, since the threshold itself comes from few examples. Of examples
    in groups, of which all or none may be flagged, only its mean is known, or what that is at most.

    Source:
        Vovk (2012), "Conditional validity of inductive conformal predictors", proposition 2a.
    """
    from scipy.stats import betabinom

    if in_groups:
        return Expected(mean=false_alarms * count, low=0, high=count)
    rank = threshold_rank(false_alarms, calibration=num_calibration)
    flags = betabinom(count, rank, num_calibration + 1 - rank)
    return Expected(mean=float(flags.mean()), low=int(flags.ppf(0.025)), high=int(flags.ppf(0.975)))


def rate_interval(false_alarms: float, num_calibration: int) -> Interval:
    """The rate of false alarms that one detector has for good: its mean over calibrations, and 95 % of them.

    Of groups, whose number is then given, it is that of groups whose examples are all alike.

    Source:
        Vovk (2012): the rate follows the beta distribution of the threshold's rank.
    """
    from scipy.stats import beta

    rank = threshold_rank(false_alarms, calibration=num_calibration)
    rate = beta(rank, num_calibration + 1 - rank)
    return Interval(float(rate.mean()), float(rate.ppf(0.025)), float(rate.ppf(0.975)))


def histogram(anomaly: PerImage, calibration: PerImage) -> Histogram:
    """Anomalies (B,) of examples beside those (N,) of the calibration, in bins that both share."""
    ours, theirs = (each.double().nan_to_num(posinf=1e300).numpy() for each in (anomaly, calibration))
    both = np.concatenate([ours, theirs])
    low, middle, high = float(both.min()), float(np.median(both)), float(both.max())
    logarithmic = low > 0 and high > _WIDE * middle
    if high <= low:
        low, high = low - 0.5, high + 0.5
    edges = np.geomspace(low, high, _BINS + 1) if logarithmic else np.linspace(low, high, _BINS + 1)
    edges[0], edges[-1] = low, high  # which rounding may have moved
    counts = [np.histogram(each, edges)[0].tolist() for each in (theirs, ours)]
    return Histogram(
        edges=tuple(edges.tolist()),
        is_logarithmic=logarithmic,
        calibration=tuple(counts[0]),
        examples=tuple(counts[1]),
    )


def drift_path(found: Drift, names: Sequence[str]) -> DriftPath:
    """The martingale, in so many points as can be seen."""
    path: list[float] = (found.log_martingale / math.log(10)).tolist()
    every = max(1, math.ceil(len(path) / _STEPS))
    ends = [len(path) - 1] if found.alarm is None else [found.alarm, len(path) - 1]
    places = sorted({*range(0, len(path), every), *ends})
    return DriftPath(
        level=found.level,
        alarm=found.alarm,
        alarm_name=None if found.alarm is None else names[found.alarm],
        path=tuple((place + 1, path[place]) for place in places),
    )


def ranked_by_kind(
    truth: Truth, anomaly: npt.NDArray[np.float64], flagged: npt.NDArray[np.bool_]
) -> tuple[KindOfExample, ...]:
    """The examples of each label, those of normal ones first, then by name."""
    kinds, normal = np.array(truth.kinds), truth.is_known & ~truth.is_anomaly
    found: list[KindOfExample] = []
    for name in sorted({kind for kind in truth.kinds if kind}, key=lambda kind: (kind != truth.normal, kind)):
        own, is_anomaly = kinds == name, name != truth.normal
        area = None
        if is_anomaly and normal.any():
            both = own | normal
            area = ranking(anomaly[both], own[both]).auroc
        found.append(
            KindOfExample(
                name=name, is_anomaly=is_anomaly, count=int(own.sum()), flagged=int(flagged[own].sum()), auroc=area
            )
        )
    return tuple(found)
