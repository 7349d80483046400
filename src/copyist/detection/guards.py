"""What a detector must not do: give one answer to all, copy everything or nothing, or miss what lies far away."""

__all__ = ["check_detector", "far_points", "strange_calibration"]

from collections.abc import Sequence

import torch

from copyist.detection.copies import Copies
from copyist.detection.detector import Detector
from copyist.errors import ContractError
from copyist.randomness import generator
from copyist.tensors import Examples, PerImage

RADII = (10.0, 100.0, 1000.0)
"""Times the data's radius: how far away points must be flagged (Bouman & Heskes, 2025, arXiv 2501.13864)."""

_DIRECTIONS = 8
"""In which they are looked for, for each radius."""

_FEWEST = 3
"""Distinct anomalies of normal examples that a measure must give at least, unless there are fewer examples."""


_COPIED = 0.02
"""A model that changes noise by less than this share of it copies everything."""

_ALIKE = 0.01
"""Copies whose variance is below this share of that of the examples are all the same."""


_STRANGE = 5.0
"""Times the median of a calibration: an anomaly above that is worth a look."""

_SHOWN = 3


def check_detector(detector: Detector, normal: Copies) -> None:
    """Refuse a detector that cannot tell anything.

    Args:
        detector: that was just fitted.
        normal: examples that it was not calibrated on.

    Raises:
        ContractError: it gives the same anomaly to all examples; its model copies everything, or nothing, and its
            measure uses it; or it does not flag points far from the data.
    """
    _check_distinct(detector)
    if detector.measure.uses_model:
        _check_copies(normal)
    _check_far(detector, normal.x)


def _check_distinct(detector: Detector) -> None:
    distinct = len(detector.calibration.unique())
    if not detector.calibration.isfinite().all() or distinct < min(_FEWEST, len(detector.calibration)):
        raise ContractError(
            f"a detector must tell normal examples apart, got {distinct} distinct anomalies for "
            f"{len(detector.calibration)} of them; train longer (--steps), or take another measure (--measure)"
        )


@torch.no_grad()
def _check_copies(normal: Copies) -> None:
    """By how much copies vary, and by what is left of noise as strong as the data varies."""
    rows = normal.row
    spread = rows.var(0, correction=0).mean()
    if len(rows) < _FEWEST or not spread > 0:
        return
    share = normal.copied_row.var(0, correction=0).mean() / spread
    if not share >= _ALIKE:
        raise ContractError(
            "a detector's model must copy normal examples, and its copies are all alike, with "
            f"{float(share):.1%} of the examples' variance; train it longer (--steps), or at another rate "
            "(--set learning_rate=0.001)"
        )
    draws = torch.randn(rows.shape, generator=generator(0, "copies")).to(rows)
    noise = draws * rows.std(0, correction=0)
    changed = (normal.copied_row_of(rows + noise) - (rows + noise)).norm() / noise.norm()
    if changed < _COPIED:
        raise ContractError(
            "a detector's model must not copy everything, and it changes noise as strong as the data varies by "
            f"{float(changed):.1%} of it; take a smaller code (--set code=4), or a recipe that denoises"
        )


def _check_far(detector: Detector, x: Examples) -> None:
    for radius in RADII:
        # Past the door, which takes no images of values so far from [0, 1].
        copies = Copies(detector.model, far_points(x, radius=radius))
        with torch.no_grad():
            missed = ~detector.judge(detector.measure(copies, detector.statistics).float().cpu()).flagged
        if missed.any():
            raise ContractError(
                f"a detector must flag points {radius:g} times as far from the mean as the data, and took "
                f"{int(missed.sum())} of {len(missed)} for normal; take out what is strange among the normal "
                "examples, train longer (--steps), or take another measure (--measure)"
            )


def strange_calibration(anomaly: PerImage, names: Sequence[str]) -> str | None:
    """A sentence that names the examples of a calibration which are far stranger than the others; None without any.

    Where these are not normal the threshold is too high: fewer examples are flagged than the stated rate says.

    Args:
        anomaly: (N,), of the calibration.
        names: of its examples.
    """
    middle, values = float(anomaly.double().median()), anomaly.tolist()
    strange = [place for place, value in enumerate(values) if 0 < _STRANGE * middle < value]
    if not strange:
        return None
    strange.sort(key=lambda place: -values[place])
    shown = ", ".join([names[place] for place in strange[:_SHOWN]]) + (", …" if len(strange) > _SHOWN else "")
    return (
        f"{len(strange)} of the {len(names)} examples of the calibration are more than {_STRANGE:g} times as strange "
        f"as is usual there, {shown}: where these are not normal, the threshold is too high and misses others like "
        "them; look at them"
    )


def far_points(x: Examples, *, radius: float, seed: int = 0) -> Examples:
    """Points in random directions, so many times as far from the mean of `x` as the farthest of `x`.

    Args:
        x: examples (N, ...).
        radius: in units of the largest distance; each value counts in units of its standard deviation.
        seed: of the directions.

    Returns:
        (8, ...).
    """
    rows = x.flatten(1)
    mean, std = rows.mean(0), rows.std(0, correction=0)
    std = torch.where(std > 0, std, std[std > 0].mean() if (std > 0).any() else torch.ones(()))
    reach = ((rows - mean) / std).norm(dim=1).max()
    draws = torch.randn(_DIRECTIONS, rows.shape[1], generator=generator(seed, "far points")).to(rows)
    return (mean + radius * reach * std * draws / draws.norm(dim=1, keepdim=True)).reshape(-1, *x.shape[1:])
