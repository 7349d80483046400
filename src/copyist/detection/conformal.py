"""Conformal p-values: how strange an example is, among examples that are known to be normal.

If a new example and the N of the calibration come in an order that could as well be any other, the p-value is at most α
with probability at most α, whatever the model and the measure: false alarms have a stated rate.

Source:
    Vovk, Gammerman & Shafer (2005), "Algorithmic Learning in a Random World", chapter 2; Bates et al. (2023), "Testing
    for Outliers with Conformal p-values"; Benjamini & Hochberg (1995).
"""

__all__ = [
    "benjamini_hochberg",
    "check_false_alarms",
    "check_rate",
    "least_rate",
    "num_calibration",
    "p_values",
    "threshold",
    "threshold_rank",
]

import math
from fractions import Fraction

import torch
from torch import Tensor

from copyist.checks import check_positive
from copyist.errors import ArgumentError, DataError
from copyist.tensors import PerImage

_LARGEST_RATE = 0.5
"""Whoever wants more false alarms than that has taken per cent for shares."""


def check_rate(rate: float, *, name: str = "the rate of false alarms", example: str = "--false-alarms 0.05") -> None:
    """Refuse a rate that is not in (0, 0.5].

    Args:
        rate: of false alarms, or another share.
        name: what the sentence calls it.
        example: how 5 per cent are written.

    Raises:
        ArgumentError: it is not.
    """
    check_positive(name, rate)
    if rate > _LARGEST_RATE:
        raise ArgumentError(f"{name} must lie in (0, {_LARGEST_RATE}], got {rate:g}; write 5 per cent as {example}")


def num_calibration(false_alarms: float) -> int:
    """How many calibration examples a rate of false alarms in (0, 0.5] needs at least: ⌈1/α⌉ − 1.

    Raises:
        ArgumentError: the rate is out of range.
    """
    check_rate(false_alarms)
    return math.ceil(1 / Fraction(str(false_alarms))) - 1


def least_rate(calibration: int) -> float:
    """The smallest rate of false alarms that so many calibration examples, at least 1, can give: 1 / (N + 1).

    The next larger number is given where there is one, so that rounding does not ask for one example more.
    """
    return min(math.nextafter(1 / (calibration + 1), 1), _LARGEST_RATE)


def check_false_alarms(false_alarms: float, *, calibration: int) -> None:
    """Refuse a rate of false alarms that so few calibration examples cannot give.

    Raises:
        ArgumentError: the rate is out of range.
        DataError: there are fewer examples than it needs.
    """
    needed = num_calibration(false_alarms)
    if calibration < needed:
        least = "no rate" if calibration < 1 else f"{1 / (calibration + 1):.2g} at least (--false-alarms)"
        raise DataError(
            f"a rate of {false_alarms:g} false alarms needs {needed} normal examples for calibration, got "
            f"{calibration}, which allow {least}; add examples, or set more of them apart (?calibration=0.5)"
        )


def p_values(anomaly: PerImage, calibration: PerImage) -> PerImage:
    """The conformal p-value of each anomaly.

        p = (1 + #{i : cᵢ ≥ a}) / (N + 1)

    Args:
        anomaly: (B,), a, larger is stranger; one that is not a number counts as the strangest.
        calibration: (N,), c, those of normal examples that nothing was fitted on, read in the same way; N may be 0.

    Returns:
        (B,), float64, in [1 / (N + 1), 1].
    """
    ordered = _comparable(calibration).double().sort().values
    below = torch.searchsorted(ordered, _comparable(anomaly).double().to(ordered.device)).double()
    return (1.0 + len(ordered) - below) / (len(ordered) + 1.0)


def threshold(calibration: PerImage, *, false_alarms: float) -> float:
    """The number above which an anomaly is flagged: p ≤ α says the same as a > threshold.

    Args:
        calibration: (N,), anomalies of normal examples.
        false_alarms: α, in (0, 0.5].

    Returns:
        The ⌊α (N + 1)⌋-th largest of them.

    Raises:
        ArgumentError, DataError: as `check_false_alarms`.
    """
    check_false_alarms(false_alarms, calibration=len(calibration))
    rank = threshold_rank(false_alarms, calibration=len(calibration))
    return float(_comparable(calibration).double().sort(descending=True).values[rank - 1])


def threshold_rank(false_alarms: float, *, calibration: int) -> int:
    """The place of the threshold among N calibration anomalies, from the largest on: ⌊α (N + 1)⌋."""
    return math.floor(Fraction(str(false_alarms)) * (calibration + 1))


def benjamini_hochberg(p: PerImage, *, rate: float) -> Tensor:
    """Which examples of a batch to flag, so that of those flagged at most a share `rate` is normal, on average.

    The largest k is taken for which the k-th smallest p-value is at most rate · k / B, and the k smallest are flagged.

    Args:
        p: (B,), conformal p-values against one calibration.
        rate: the false discovery rate, in (0, 0.5].

    Returns:
        (B,), bool.

    Raises:
        ArgumentError: the rate is out of range.
    """
    check_rate(rate)
    ordered = p.double().sort().values
    # Rounded once, by the division, as p-values are: these often lie exactly on a bound.
    share, places = Fraction(str(rate)), torch.arange(1, len(p) + 1, dtype=torch.float64, device=p.device)
    passed = (ordered <= share.numerator * places / (share.denominator * len(p))).nonzero()
    if not len(passed):
        return torch.zeros_like(p, dtype=torch.bool)
    return p.double() <= ordered[passed[-1, 0]]


def _comparable(anomaly: PerImage) -> PerImage:
    return torch.where(anomaly.isnan(), torch.inf, anomaly)
