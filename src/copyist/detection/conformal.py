"""Conformal p-values: how strange an example is, among examples that are known to be normal.

If a new example and the N of the calibration come in an order that could as well be any other, the p-value is at most α
with probability at most α, whatever the model and the measure: false alarms have a stated rate. Examples that come in
groups, such as the rows of a day, do not come so; but where the groups do, each group of the calibration counts as one.

Source:
    Vovk, Gammerman & Shafer (2005), "Algorithmic Learning in a Random World", chapter 2; Bates et al. (2023), "Testing
    for Outliers with Conformal p-values"; Lee, Barber & Willett (2023), "Distribution-free inference with hierarchical
    data", section 3, for groups; Benjamini & Hochberg (1995); Benjamini & Yekutieli (2001), theorem 1.3.
"""

__all__ = [
    "benjamini_hochberg",
    "check_false_alarms",
    "check_rate",
    "least_rate",
    "num_calibration",
    "num_units",
    "p_values",
    "threshold",
    "threshold_rank",
]

import math
from fractions import Fraction

import torch
from torch import Tensor

from copyist.checks import check_finite
from copyist.errors import ArgumentError, DataError
from copyist.tensors import PerImage

_LARGEST_RATE = 0.5
"""Whoever wants more false alarms than that has taken per cent for shares."""


def check_rate(rate: float, *, name: str = "the rate of false alarms") -> None:
    """Refuse a rate that is not in (0, 0.5].

    Args:
        rate: of false alarms, or another share.
        name: what the sentence calls it.

    Raises:
        ArgumentError: it is not.
    """
    check_finite(name, rate)
    if not 0 < rate <= _LARGEST_RATE:
        raise ArgumentError(f"{name} must lie in (0, {_LARGEST_RATE}], got {rate:g}; write 5 per cent as 0.05")


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


def check_false_alarms(false_alarms: float, *, calibration: int, what: str = "normal examples") -> None:
    """Refuse a rate of false alarms that so few calibration examples, or groups of them, cannot give.

    Raises:
        ArgumentError: the rate is out of range.
        DataError: there are fewer examples than it needs.
    """
    needed = num_calibration(false_alarms)
    if calibration < needed:
        # Rounded up, so that what is offered is allowed.
        least = "no rate" if calibration < 1 else f"{math.ceil(1e4 / (calibration + 1)) / 1e4:g} or more"
        raise DataError(
            f"a rate of {false_alarms:g} false alarms needs {needed} {what} for calibration, got {calibration}, which "
            f"allow {least}; state such a rate (--false-alarms), add {what.rpartition(' ')[2]}, or set more of them "
            "apart (?calibration=0.5 is half of them)"
        )


def num_units(calibration: PerImage, groups: Tensor | None) -> int:
    """How many examples, or groups of them, a calibration (N,) counts as."""
    return len(calibration) if groups is None else len(groups.unique())


def p_values(anomaly: PerImage, calibration: PerImage, *, groups: Tensor | None = None) -> PerImage:
    """The conformal p-value of each anomaly.

        p = (1 + #{i : cᵢ ≥ a}) / (N + 1)

    Of a calibration of K groups each counts as one, whatever their sizes, by the share of its examples:

        p = (1 + Σₖ #{i in group k : cᵢ ≥ a} / nₖ) / (K + 1)

    Args:
        anomaly: (B,), a, larger is stranger; one that is not a number counts as the strangest.
        calibration: (N,), c, those of normal examples that nothing was fitted on, read in the same way; N may be 0.
        groups: (N,), whole numbers, which of them belong together; None where each stands alone.

    Returns:
        (B,), float64, in [1 / (N + 1), 1], or [1 / (K + 1), 1].
    """
    ordered, order = _comparable(calibration).double().sort()
    below = torch.searchsorted(ordered, _comparable(anomaly).double().to(ordered.device))
    if groups is None:
        return (1.0 + len(ordered) - below.double()) / (len(ordered) + 1.0)
    units, above = _units_above(groups, order)
    return (1.0 + above[below]) / (units + 1.0)


def _units_above(groups: Tensor, order: Tensor) -> tuple[int, Tensor]:
    """K, and (N + 1,) how many groups' worth of examples come from each place of an ascending order on."""
    _, members, sizes = groups.unique(return_inverse=True, return_counts=True)
    weights = (1.0 / sizes.double())[members][order]
    above = torch.cat([weights.flip(0).cumsum(0).flip(0), weights.new_zeros(1)])
    # Rounded, so that whole groups are whole numbers, as p-values often lie exactly on a bound.
    return len(sizes), above.round(decimals=9)


def threshold(calibration: PerImage, *, false_alarms: float, groups: Tensor | None = None) -> float:
    """The number above which an anomaly is flagged: p ≤ α says the same as a > threshold.

    Args:
        calibration: (N,), anomalies of normal examples.
        false_alarms: α, in (0, 0.5].
        groups: (N,), which of them belong together; None where each stands alone.

    Returns:
        The ⌊α (N + 1)⌋-th largest of them; of groups the smallest with at most α (K + 1) − 1 groups' worth above it.

    Raises:
        ArgumentError, DataError: as `check_false_alarms`.
    """
    units = num_units(calibration, groups)
    check_false_alarms(false_alarms, calibration=units, what="normal examples" if groups is None else "normal groups")
    ordered, order = _comparable(calibration).double().sort()
    if groups is None:
        return float(ordered[len(ordered) - threshold_rank(false_alarms, calibration=units)])
    _, above = _units_above(groups, order)
    # Behind the last of equal ones, since only what lies above counts.
    beyond = above[torch.searchsorted(ordered, ordered, right=True)]
    return float(ordered[(1.0 + beyond) / (units + 1.0) <= false_alarms][0])


def threshold_rank(false_alarms: float, *, calibration: int) -> int:
    """The place of the threshold among N calibration anomalies, from the largest on: ⌊α (N + 1)⌋."""
    return math.floor(Fraction(str(false_alarms)) * (calibration + 1))


def benjamini_hochberg(p: PerImage, *, rate: float, any_dependence: bool = False) -> Tensor:
    """Which examples of a batch to flag, so that of those flagged at most a share `rate` is normal, on average.

    The largest k is taken for which the k-th smallest p-value is at most rate · k / B, and the k smallest are flagged.

    Args:
        p: (B,), conformal p-values against one calibration.
        rate: the false discovery rate, in (0, 0.5].
        any_dependence: whether examples may depend on one another in any way, as those of a group do: then the rate is
            divided by 1 + 1/2 + … + 1/B.

    Returns:
        (B,), bool.

    Raises:
        ArgumentError: the rate is out of range.
    """
    check_rate(rate)
    ordered = p.double().sort().values
    # Rounded once, by the division, as p-values are: these often lie exactly on a bound.
    share = Fraction(str(rate))
    if any_dependence:
        share /= Fraction(str(round(sum(1 / place for place in range(1, len(p) + 1)), 6) or 1))
    places = torch.arange(1, len(p) + 1, dtype=torch.float64, device=p.device)
    passed = (ordered <= share.numerator * places / (share.denominator * len(p))).nonzero()
    if not len(passed):
        return torch.zeros_like(p, dtype=torch.bool)
    return p.double() <= ordered[passed[-1, 0]]


def _comparable(anomaly: PerImage) -> PerImage:
    return torch.where(anomaly.isnan(), torch.inf, anomaly)
