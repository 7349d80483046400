"""Probabilities of whole numbers under Gaussians, in bits."""

__all__ = ["NUM_SCALES", "gaussian_bits", "scale_index", "scale_of"]

import torch
from torch import Tensor

NUM_SCALES = 97
"""How many standard deviations there are tables for."""

_PER_OCTAVE = 8
"""Of these per factor of 2."""

_FIRST_OCTAVE = -4
"""The smallest is 2⁻⁴, the largest 2⁸."""

_LEAST_PROBABILITY = 2.0**-24


def scale_index(level: Tensor) -> Tensor:
    """Which of the standard deviations a layer's outputs mean, in [0, NUM_SCALES), as floats: 2 per unit of output."""
    return (level * 2 + (NUM_SCALES // 2)).clamp(0, NUM_SCALES - 1)


def scale_of(index: Tensor) -> Tensor:
    """The standard deviation of an index, which may lie between two: 2^(index / 8 − 4)."""
    return torch.exp2(index / _PER_OCTAVE + _FIRST_OCTAVE)


def gaussian_bits(x: Tensor, *, scale: Tensor) -> Tensor:
    """−log₂ of the probability of the unit interval about `x` under N(0, scale²), elementwise.

    Of whole numbers these are probabilities; with uniform noise added to numbers it is the bound of the rate that
    training minimizes.

    Source:
        Ballé et al. (2018), "Variational Image Compression with a Scale Hyperprior", equation 12.
    """
    distance = x.abs()
    root = 2**-0.5
    above = torch.special.erfc((distance - 0.5) / scale * root)
    below = torch.special.erfc((distance + 0.5) / scale * root)
    return -(0.5 * (above - below)).clamp(min=_LEAST_PROBABILITY).log2()
