"""The distribution of a residual: its distance from a normal distribution."""

__all__ = ["ResidualLaw", "residual_law"]

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from copyist.checks import check_examples, check_whole
from copyist.errors import ShapeError
from copyist.evidence import Interval
from copyist.tensors import PerImage

NUM_VALUES = 8
"""The fewest values of one example for which a distribution is measured."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ResidualLaw:
    """Three distances from the normal law, each per example and with the 95 % interval of its mean over examples."""

    distance: PerImage
    """(B,), in [0, 1]: Kolmogorov–Smirnov's, the largest gap between the two distribution functions."""

    kurtosis: PerImage
    """(B,), at least about −2: excess over the normal's; −1.2 for the uniform law, 3 for Laplace's."""

    negentropy: PerImage
    """(B,), at least 0: about the entropy that the normal law of equal variance has more, in nats, by two bounded
    moments. They give the uniform law 0.064 (exactly 0.176) and Laplace's 0.087 (0.072): compare with normal noise.
    """

    distance_interval: Interval
    """Of the mean distance."""

    kurtosis_interval: Interval
    """Of the mean kurtosis."""

    negentropy_interval: Interval
    """Of the mean negentropy."""


@torch.no_grad()
def residual_law(residual: Tensor, *, generator: torch.Generator, num_resamples: int = 2000) -> ResidualLaw:
    """Compare the values of each residual with the normal law of that residual's own mean and variance.

        z = (r − mean r) / std r
        distance   = max |F(z) − Φ(z)|
        kurtosis   = E z⁴ − 3, corrected so that normal values have the mean 0
        negentropy ≈ k₁ (E z·exp(−z²/2))² + k₂ (E exp(−z²/2) − 1/√2)²,  k₁ = 36 / (8√3 − 9), k₂ = 24 / (16√3 − 27)

    Examples are standardized apart: normal residuals of unequal size would, pooled, look heavy-tailed. Values of one
    example depend on each other, so there are no p-values: the intervals are percentiles over examples drawn again
    with replacement. Finitely many values are never quite normal, with a distance of about 0.6/√n for n of them: pass
    normal noise of the same shape for the value that means "normal".

    Args:
        residual: examples (B, ...) of at least 8 values each, such as what a map wrote, x̂ − start, or what it missed.
        generator: chooses the examples that are drawn again.
        num_resamples: how often, at least 100.

    Returns:
        The law; an example without variance is not a number and counts in no interval. Of one example there is a mean
        and no interval, and of fewer than ten the interval is too narrow.

    Raises:
        ShapeError: `residual` is not (B, ...), or has fewer than 8 values per example.
        ArgumentError: `num_resamples` is no whole number, or below 100.

    Source:
        Hyvärinen (1997), "New approximations of differential entropy for independent component analysis and projection
        pursuit", the approximation by bounded functions, which no single outlier governs.
    """
    from scipy.stats import kurtosis

    check_examples(residual, name="residuals")
    check_whole("num_resamples", num_resamples, 100)
    values = residual.detach().flatten(1).double().cpu()  # (B, N)
    if values.shape[1] < NUM_VALUES:
        raise ShapeError(f"residuals must have at least {NUM_VALUES} values each, got {values.shape[1]}")
    z = _standardize(values)
    found = (_distance(z), torch.from_numpy(kurtosis(z.numpy(), axis=1, bias=False)), _negentropy(z))
    intervals = [_interval(each, generator=generator, num_resamples=num_resamples) for each in found]
    return ResidualLaw(
        distance=found[0],
        kurtosis=found[1],
        negentropy=found[2],
        distance_interval=intervals[0],
        kurtosis_interval=intervals[1],
        negentropy_interval=intervals[2],
    )


def _standardize(values: Tensor) -> Tensor:
    """Mean 0 and variance 1 per row (B, N); not a number where all values of a row are equal."""
    center = values.mean(1, keepdim=True)
    spread = values.std(1, keepdim=True, correction=0)
    # A mean of equal numbers may be off by their rounding.
    constant = values.amin(1, keepdim=True) == values.amax(1, keepdim=True)
    return (values - center) / spread.masked_fill(constant, math.nan)


def _distance(z: Tensor) -> PerImage:
    from scipy.special import ndtr
    from scipy.stats import ks_1samp

    distances = z.new_full((len(z),), math.nan)
    for index, row in enumerate(z):
        if row.isfinite().all():
            # The asymptotic p-value is the cheap one, and neither is used.
            found: Any = ks_1samp(row.numpy(), ndtr, method="asymp")
            distances[index] = found.statistic
    return distances


def _negentropy(z: Tensor) -> PerImage:
    bell = torch.exp(-z.square() / 2)
    odd = (z * bell).mean(1).square() * 36 / (8 * math.sqrt(3) - 9)
    even = (bell.mean(1) - math.sqrt(0.5)).square() * 24 / (16 * math.sqrt(3) - 27)
    return odd + even


def _interval(values: PerImage, *, generator: torch.Generator, num_resamples: int) -> Interval:
    """The mean of the finite values, with the middle 95 % of the means of as many drawn again."""
    finite = values[values.isfinite()]
    count = len(finite)
    if count == 0:
        return Interval(math.nan, math.nan, math.nan)
    mean = float(finite.mean())
    if count == 1:
        return Interval(mean, math.nan, math.nan)
    drawn = torch.randint(count, (num_resamples, count), generator=generator, device=generator.device).cpu()
    low, high = finite[drawn].mean(1).quantile(torch.tensor([0.025, 0.975], dtype=finite.dtype)).tolist()
    return Interval(mean, low, high)
