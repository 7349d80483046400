"""Whether a sum of independent terms must become normal: Lyapunov's and Lindeberg's conditions, measured."""

__all__ = ["LyapunovCurve", "lindeberg_sum", "lyapunov_curve", "lyapunov_ratio"]

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import linear_regression

import torch
from torch import Tensor

from copyist.checks import check_positive
from copyist.errors import ArgumentError, ShapeError


@dataclass(frozen=True, kw_only=True)
class LyapunovCurve:
    """Lyapunov's ratio for sums of more and more terms."""

    sizes: tuple[int, ...]
    """How many terms, rising."""

    ratios: tuple[float, ...]
    """Lyapunov's ratio of the first so many."""

    slope: float
    """Of log ratio on log size, by least squares: −δ/2 for independent terms of one law with finite moments, near 0
    where few terms dominate."""


@torch.no_grad()
def lyapunov_ratio(terms: Tensor, *, delta: float = 1.0) -> float:
    """Measure how much a sum owes to the rare and large among its terms.

        Σᵢ E|Xᵢ − μᵢ|^(2+δ) / (Σᵢ σᵢ²)^((2+δ)/2)

    If it vanishes for some δ as terms are added, the standardized sum of independent terms becomes normal. The converse
    does not hold, and it does not apply to dependent terms. Scaling all terms alike does not change it.

    Args:
        terms: draws of each term (draws, n), such as wᵢ·Aᵢ; means and variances are over the draws, so that few draws
            of a heavy tail understate it.
        delta: δ.

    Returns:
        At least n^(−δ/2), and up to draws^(δ/2); not a number if no term varies.

    Raises:
        ShapeError: `terms` is not (draws, n) with at least two draws and one term.
        ArgumentError: `delta` is not greater than 0.

    Source:
        Billingsley (1995), "Probability and Measure", equation 27.16.
    """
    _check_terms(terms)
    check_positive("delta", delta)
    deviations = _deviations(terms)
    variance = deviations.square().mean(0).sum()
    # Divided first, a high power neither overflows nor underflows.
    return float((deviations.abs() / variance.sqrt()).pow(2 + delta).mean(0).sum())


def lyapunov_curve(terms: Tensor, sizes: Sequence[int], *, delta: float = 1.0) -> LyapunovCurve:
    """Lyapunov's ratio of the first terms, for several numbers of them.

    Args:
        terms: draws of each term (draws, n), in the order in which they are added; shuffle columns that have none.
        sizes: how many of the terms to take, at least two numbers, rising, from 1 to n.
        delta: δ of `lyapunov_ratio`.

    Raises:
        ShapeError: `terms` is not (draws, n) with at least two draws and one term.
        ArgumentError: `sizes` do not rise from 1 or more to n or less, are fewer than two, or `delta` is not greater
            than 0.
    """
    _check_terms(terms)
    count = terms.shape[1]
    rising = list(sizes) == sorted(set(sizes))
    if len(sizes) < 2 or not rising or sizes[0] < 1 or sizes[-1] > count:
        raise ArgumentError(f"sizes must be at least two rising numbers from 1 to {count}, got {tuple(sizes)}")
    ratios = tuple(lyapunov_ratio(terms[:, :size], delta=delta) for size in sizes)
    known = [(math.log(size), math.log(ratio)) for size, ratio in zip(sizes, ratios, strict=True) if ratio > 0]
    slope = linear_regression(*zip(*known, strict=True)).slope if len(known) > 1 else math.nan
    return LyapunovCurve(sizes=tuple(sizes), ratios=ratios, slope=slope)


@torch.no_grad()
def lindeberg_sum(terms: Tensor, epsilon: float) -> float:
    """The share of a sum's variance that comes from large deviations of single terms.

        Σᵢ E[(Xᵢ − μᵢ)²·1{|Xᵢ − μᵢ| > ε·s}] / s²,  s² = Σᵢ σᵢ²

    The standardized sum of independent terms becomes normal if this vanishes, as terms are added, for every ε > 0;
    where no single term matters, and only there, the converse holds too.

    Args:
        terms: draws of each term (draws, n).
        epsilon: ε, in standard deviations of the whole sum.

    Returns:
        In [0, 1]; not a number if no term varies.

    Raises:
        ShapeError: `terms` is not (draws, n) with at least two draws and one term.
        ArgumentError: `epsilon` is not greater than 0.

    Source:
        Billingsley (1995), "Probability and Measure", equation 27.8.
    """
    _check_terms(terms)
    check_positive("epsilon", epsilon)
    squares = _deviations(terms).square()
    variance = squares.mean(0).sum()
    large = squares > epsilon**2 * variance
    return float((squares * large).mean(0).sum() / variance)


def _check_terms(terms: Tensor) -> None:
    if terms.ndim != 2 or terms.shape[0] < 2 or terms.shape[1] < 1:
        raise ShapeError(f"terms must have shape (draws, n) with at least two draws, got {tuple(terms.shape)}")
    if not terms.is_floating_point():
        raise ShapeError(f"terms must be floats, got {terms.dtype}")


def _deviations(terms: Tensor) -> Tensor:
    """Each draw's distance from its term's mean (draws, n), float64."""
    values = terms.detach().double()
    return values - values.mean(0)
