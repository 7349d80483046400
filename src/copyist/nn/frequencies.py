"""Integer frequencies of whole numbers: probabilities for an entropy coder that are the same everywhere."""

__all__ = ["NUM_CODE_FREQUENCIES", "TOTAL", "gaussian_frequencies", "reach", "whole_frequencies"]

import torch
from torch import Tensor

from copyist.nn.discretized import NUM_SCALES, gaussian_bits, scale_of

TOTAL = 2**16
"""The sum of the frequencies of a table."""


def reach(scale: int) -> int:
    """L, the largest magnitude that the table of a standard deviation has an entry for: a little over 5 of these."""
    return int(5 * 2.0 ** (scale / 8 - 4)) + 3


def whole_frequencies(weights: Tensor) -> Tensor:
    """The nearest frequencies to weights (N,) of at least 0: int64, each at least 1, with sum `TOTAL`.

    What is left after rounding down goes to the largest remainders, and of equal ones to the first.
    """
    free = TOTAL - len(weights)
    exact = weights.double() / weights.double().sum() * free
    whole = exact.floor().long()
    order = torch.argsort(exact - whole, descending=True, stable=True)
    whole[order[: free - int(whole.sum())]] += 1
    return whole + 1


def gaussian_frequencies(scale: int, counts: Tensor | None = None) -> Tensor:
    """Frequencies of −L … L and of anything beyond, (2·L + 2,), under a Gaussian of mean 0.

    Args:
        scale: which standard deviation, as `scale_of` says.
        counts: (2·L + 2,), of the same in training; the Gaussian counts as much as 200 of them.
    """
    ends = reach(scale)
    at = torch.arange(-ends, ends + 1, dtype=torch.float64)
    inside = (-gaussian_bits(at, scale=scale_of(torch.tensor(float(scale), dtype=torch.float64)))).exp2()
    weights = torch.cat([inside, (1 - inside.sum()).clamp(min=2.0**-20)[None]])
    if counts is not None:
        weights = weights * 200 + counts
    return whole_frequencies(weights)


NUM_CODE_FREQUENCIES = sum(2 * reach(scale) + 2 for scale in range(NUM_SCALES))
"""Of the tables of all standard deviations, one after the other."""
