"""How much smaller the files of one codec are than those of another, at equal distortion."""

__all__ = ["bd_rate", "rate_at"]

from collections.abc import Sequence

import numpy as np
from scipy.interpolate import PchipInterpolator

from copyist.errors import ArgumentError

Curve = Sequence[tuple[float, float]]
"""Points of a rate, in bits per pixel, and a quality, such as PSNR in dB."""


def bd_rate(ours: Curve, reference: Curve, *, rates: tuple[float, float] | None = None) -> float:
    """The mean difference of two curves in rate, in per cent: −20 says that ours takes a fifth less.

    log(rate) is interpolated over quality by monotone cubics, and its difference is averaged over the qualities that
    both curves reach.

    Args:
        ours: at least two points; rate and quality both rise.
        reference: likewise.
        rates: only where the reference's rate lies in this range.

    Raises:
        ArgumentError: a curve has fewer than two points, one is infinite or does not rise, or they share no quality.

    Source:
        Bjøntegaard (2001), "Calculation of Average PSNR Differences Between RD-Curves", VCEG-M33, with the piecewise
        cubics of VCEG-AI11 (2008).
    """
    first, second = _sorted(ours), _sorted(reference)
    low = max(first[0, 1], second[0, 1])
    high = min(first[-1, 1], second[-1, 1])
    if rates is not None:
        low = max(low, _quality_at(second, rates[0]))
        high = min(high, _quality_at(second, rates[1]))
    if low >= high:
        raise ArgumentError(
            f"both curves must reach some qualities, got {first[0, 1]:.2f} to {first[-1, 1]:.2f} and "
            f"{second[0, 1]:.2f} to {second[-1, 1]:.2f}; take more qualities"
        )
    difference = sum(
        sign * float(PchipInterpolator(curve[:, 1], np.log(curve[:, 0])).integrate(low, high))
        for sign, curve in ((1, first), (-1, second))
    )
    return 100 * (float(np.exp(difference / (high - low))) - 1)


def rate_at(curve: Curve, quality: float) -> float:
    """The rate at which a curve reaches a quality; NaN beyond its ends.

    Raises:
        ArgumentError: as `bd_rate`.
    """
    points = _sorted(curve)
    return float(np.exp(PchipInterpolator(points[:, 1], np.log(points[:, 0]), extrapolate=False)(quality)))


def _quality_at(curve: np.ndarray, rate: float) -> float:
    """The quality at a rate, at the nearest end where the curve does not reach it."""
    inside = np.clip(np.log(rate), np.log(curve[0, 0]), np.log(curve[-1, 0]))
    return float(PchipInterpolator(np.log(curve[:, 0]), curve[:, 1])(inside))


def _sorted(curve: Curve) -> np.ndarray:
    points = np.array(sorted(curve), dtype=np.float64)
    if len(points) < 2:
        raise ArgumentError(f"a curve of rate and distortion needs two points, got {len(points)}; take more qualities")
    if not np.isfinite(points).all():
        raise ArgumentError("rate and quality must be finite along a curve; leave out the points where they are not")
    if points[0, 0] <= 0 or (np.diff(points, axis=0) <= 0).any():
        raise ArgumentError("quality must rise with rate along a curve; leave out the points where it does not")
    return points
