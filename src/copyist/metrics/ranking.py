"""How well a number tells anomalies from normal examples at all thresholds at once: ROC and precision–recall."""

__all__ = ["PixelCounts", "PixelsOfOne", "Ranking", "auroc_difference", "auroc_interval", "ranking", "share_interval"]

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Self, TypeAlias, final

import numpy as np
import numpy.typing as npt

from copyist.evidence import Interval

Numbers: TypeAlias = npt.NDArray[Any]
"""(N,)"""

_Z = 1.959963984540054
"""Of a normal variable 95 % lie within so many standard deviations."""

_NEAR = 1e-9

_POINTS = 200
"""Of a curve, at most."""

_SHIFT = 15
"""Bits of a float32 that do not matter for pixels: what is kept tells values apart that differ by 1/256."""

_BINS = 2**31 >> _SHIFT
_GROUPS = 64
"""Of pictures; with more, several of them are drawn together."""

_DRAWS = 200


@final
@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Anomalies against normal examples, at all thresholds."""

    num_normal: int
    num_anomalous: int

    auroc: Interval
    """The probability that an anomaly is stranger than a normal example, a tie counting half, with its 95 % interval.
    """

    average_precision: Interval
    """Precision averaged over the anomalies, each at the threshold that just flags it, with its 95 % interval."""

    roc: tuple[tuple[float, float], ...]
    """Shares flagged of the normal examples, and of the anomalies, from (0, 0) to (1, 1)."""

    precision_recall: tuple[tuple[float, float], ...]
    """Shares of the anomalies that are flagged, and of what is flagged that are anomalies, up to recall 1."""


def ranking(anomaly: Numbers, is_anomaly: Numbers) -> Ranking:
    """Rank examples whose truth is known.

    Args:
        anomaly: (N,), larger is stranger; one that is not a number counts as the strangest.
        is_anomaly: (N,), bool; at least one of each.

    Returns:
        Curves and areas by scikit-learn, with the intervals of `auroc_interval` and `share_interval`; the latter takes
        each anomaly for one trial.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score

    values, truth = _comparable(anomaly), np.asarray(is_anomaly, dtype=bool)
    positives, negatives = int(truth.sum()), int((~truth).sum())
    auroc, precision = float(roc_auc_score(truth, values)), float(average_precision_score(truth, values))
    roc, precision_recall = _curves(values, truth)
    return Ranking(
        num_normal=negatives,
        num_anomalous=positives,
        auroc=auroc_interval(auroc, positives, negatives),
        average_precision=share_interval(precision, positives),
        roc=roc,
        precision_recall=precision_recall,
    )


def auroc_interval(auroc: float, num_anomalous: int, num_normal: int) -> Interval:
    """The 95 % interval of an AUROC: all that differ from it by less than 1.96 of their own standard errors.

    Unlike that of a bootstrap it does not vanish where all examples are ranked right.

    Source:
        Newcombe (2006), Statistics in Medicine 25:559, method 5, after Hanley & McNeil (1982).
    """
    from scipy.optimize import brentq

    more = (num_anomalous + num_normal) / 2 - 1

    def reach(area: float) -> float:
        spread = 1 + more * (1 - area) / (2 - area) + more * area / (1 + area)
        return _Z * math.sqrt(area * (1 - area) * spread / (num_anomalous * num_normal))

    def end(bound: float) -> float:
        # Where the AUROC is 0 or 1 itself it is another solution, which is none of the interval's ends.
        inner = min(max(auroc, _NEAR), 1 - _NEAR)
        found: Any = brentq(lambda area: abs(area - auroc) - reach(area), min(bound, inner), max(bound, inner))
        return float(found)

    low, high = (bound if auroc == bound else end(bound) for bound in (0.0, 1.0))
    return Interval(auroc, low, high)


def auroc_difference(first: Numbers, second: Numbers, is_anomaly: Numbers, *, num_compared: int = 1) -> Interval:
    """By how much one ranking of the same examples is better than another: the difference of their AUROCs.

    Args:
        first: (N,), larger is stranger.
        second: (N,), by another measure.
        is_anomaly: (N,), bool; at least one of each.
        num_compared: how many differences are looked at: the intervals of all of them hold at once in 95 % of cases.

    Returns:
        First minus second, with its 95 % interval, which knows that both rank the same examples.

    Source:
        DeLong, DeLong & Clarke-Pearson (1988); Bonferroni's bound for several.
    """
    truth = np.asarray(is_anomaly, dtype=bool)
    placed = [_placements(_comparable(each), truth) for each in (first, second)]
    of_anomalies, of_normal = (placed[0][kind] - placed[1][kind] for kind in (0, 1))
    mean = float(of_anomalies.mean())
    variance = sum(float(each.var(ddof=1)) / len(each) for each in (of_anomalies, of_normal) if len(each) > 1)
    z = _Z if num_compared == 1 else NormalDist().inv_cdf(1 - 0.025 / num_compared)
    reach = z * math.sqrt(variance)
    return Interval(mean, mean - reach, mean + reach)


def _placements(values: Numbers, truth: Numbers) -> tuple[Numbers, Numbers]:
    """Of each anomaly the share of normal examples below it, of each normal example that of anomalies above it."""
    from scipy.stats import rankdata

    ranks, anomalies, normal = rankdata(values), values[truth], values[~truth]
    below = (ranks[truth] - rankdata(anomalies)) / len(normal)
    return below, 1 - (ranks[~truth] - rankdata(normal)) / len(anomalies)


def share_interval(share: float, trials: int) -> Interval:
    """The 95 % interval of a share of so many trials, or of an average precision over so many anomalies.

    Source:
        Wilson (1927); for average precision Boyd, Eng & Page (2013), whose binomial interval it is in Wilson's form.
    """
    middle = (share + _Z**2 / (2 * trials)) / (1 + _Z**2 / trials)
    reach = _Z / (1 + _Z**2 / trials) * math.sqrt(share * (1 - share) / trials + _Z**2 / (4 * trials**2))
    return Interval(share, max(0.0, middle - reach), min(1.0, middle + reach))


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class PixelsOfOne:
    """The pixels of one picture, counted by their heat: what `PixelCounts` adds up."""

    bins: Numbers
    """Of heat and kind, those that are not empty."""

    counts: Numbers
    """The pixels in each."""

    @classmethod
    def of(cls, heat: Numbers, mask: Numbers) -> Self:
        """Count.

        Args:
            heat: (H, W), not negative, larger is stranger.
            mask: (H, W), bool, True where the defect is.
        """
        bits = np.maximum(np.asarray(heat, dtype=np.float32), 0).view(np.int32).ravel() >> _SHIFT
        counts = np.bincount(bits + _BINS * mask.ravel().astype(np.int64))
        bins = np.flatnonzero(counts)
        return cls(bins=bins, counts=counts[bins])


@final
class PixelCounts:
    """The pixels of many pictures, counted by their heat, so that pictures need not be kept.

    Heat is told apart to one part in 256. Intervals are those of pictures drawn anew, since pixels of one picture are
    not independent.
    """

    def __init__(self) -> None:
        self._counts: list[npt.NDArray[np.int64]] = []
        self._pictures = 0

    def __len__(self) -> int:
        return self._pictures

    def add(self, heat: Numbers, mask: Numbers) -> None:
        """Count one picture.

        Args:
            heat: (H, W), not negative, larger is stranger.
            mask: (H, W), bool, True where the defect is.
        """
        self.add_counted(PixelsOfOne.of(heat, mask))

    def add_counted(self, counted: PixelsOfOne) -> None:
        """Add one picture, whose pixels are counted."""
        if len(self._counts) < _GROUPS:
            self._counts.append(np.zeros((2, _BINS), dtype=np.int64))
        self._counts[self._pictures % _GROUPS].reshape(-1)[counted.bins] += counted.counts
        self._pictures += 1

    def ranking(self, *, seed: int = 0) -> Ranking | None:
        """Defective pixels against all others; None where there are only ones of a kind.

        Args:
            seed: of the 200 draws of pictures.
        """
        counts = np.stack(self._counts) if self._counts else np.zeros((1, 2, _BINS), dtype=np.int64)
        used = np.flatnonzero(counts.sum((0, 1)))[::-1]
        counts = counts[:, :, used].astype(np.float64)  # from the strangest on
        whole = counts.sum(0)
        negatives, positives = (int(each) for each in whole.sum(1))
        if not (negatives and positives):
            return None
        drawn = np.random.default_rng(seed).multinomial(len(counts), [1 / len(counts)] * len(counts), size=_DRAWS)
        areas = np.array([_areas(*np.tensordot(each, counts, axes=1)) for each in drawn])
        (auroc, precision), (low, high) = _areas(*whole), np.nanquantile(areas, (0.025, 0.975), axis=0)
        values = np.repeat(np.arange(len(used))[::-1], 2)
        roc, curve = _curves(values, np.tile([False, True], len(used)), weights=whole.T.ravel())
        return Ranking(
            num_normal=negatives,
            num_anomalous=positives,
            auroc=Interval(auroc, float(low[0]), float(high[0])),
            average_precision=Interval(precision, float(low[1]), float(high[1])),
            roc=roc,
            precision_recall=curve,
        )


def _areas(negatives: Numbers, positives: Numbers) -> tuple[float, float]:
    """AUROC and average precision of counts (K,) by values, from the strangest on; NaN without any of a kind."""
    flagged, wrong = positives.cumsum(), negatives.cumsum()
    if not (flagged[-1] and wrong[-1]):
        return math.nan, math.nan
    auroc = float((negatives * (flagged - positives / 2)).sum() / (flagged[-1] * wrong[-1]))
    some = flagged + wrong > 0
    precision = positives[some] * flagged[some] / (flagged[some] + wrong[some])
    return auroc, float(precision.sum() / flagged[-1])


def _curves(
    values: Numbers, truth: Numbers, *, weights: Numbers | None = None
) -> tuple[tuple[tuple[float, float], ...], tuple[tuple[float, float], ...]]:
    from sklearn.metrics import precision_recall_curve, roc_curve

    false, true, _ = roc_curve(truth, values, sample_weight=weights)
    precision, recall, _ = precision_recall_curve(truth, values, sample_weight=weights)
    # scikit-learn ends with a precision of 1 at recall 0, which belongs to no threshold.
    return _thinned(false, true), _thinned(recall[-2::-1], precision[-2::-1])


def _thinned(x: Numbers, y: Numbers) -> tuple[tuple[float, float], ...]:
    """Of the points of a curve so many as can be seen, evenly along its length, with both ends."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    places = np.searchsorted(along, np.linspace(0, along[-1], _POINTS))
    kept: Sequence[int] = np.unique(np.concatenate([[0], places, [len(x) - 1]])).tolist() if len(x) > _POINTS else []
    chosen = kept or range(len(x))
    return tuple((round(float(x[place]), 5), round(float(y[place]), 5)) for place in chosen)


def _comparable(anomaly: Numbers) -> Numbers:
    values = np.asarray(anomaly, dtype=np.float64)
    # scikit-learn takes finite numbers only, and only their order matters.
    return np.nan_to_num(values, nan=np.finfo(np.float64).max)
