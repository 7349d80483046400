"""Probabilities of whole numbers under Gaussians, in bits."""

__all__ = ["NUM_SCALES", "PER_OCTAVE", "gaussian_bits", "scale_index", "scale_of"]

import math

import torch
from torch import Tensor

NUM_SCALES = 97
"""How many standard deviations there are tables for."""

PER_OCTAVE = 8
"""Of these per factor of 2."""

_FIRST_OCTAVE = -4
"""The smallest is 2⁻⁴, the largest 2⁸."""

_LEAST_PROBABILITY = 1e-5
"""From here on a difference of two error functions is not exact in float32."""

_LOG_ROOT = 0.5 * math.log(2 * math.pi)


def scale_index(level: Tensor) -> Tensor:
    """Which standard deviation a base-2 logarithm of one means, in [0, NUM_SCALES), as floats."""
    return (PER_OCTAVE * (level - _FIRST_OCTAVE)).clamp(0, NUM_SCALES - 1)


def scale_of(index: Tensor) -> Tensor:
    """The standard deviation of an index, which may lie between two: 2^(index / 8 − 4)."""
    return torch.exp2(index / PER_OCTAVE + _FIRST_OCTAVE)


def gaussian_bits(x: Tensor, *, scale: Tensor) -> Tensor:
    """−log₂ of the probability of the unit interval about `x` under N(0, scale²), elementwise.

    Of whole numbers these are probabilities; with uniform noise added to numbers it is the bound of the rate that
    training minimizes.

    Source:
        Ballé et al. (2018), "Variational Image Compression with a Scale Hyperprior", equation 12.
    """
    distance, scale = torch.broadcast_tensors(x.abs(), scale)
    root = 2**-0.5
    above = torch.special.erfc((distance - 0.5) / scale * root)
    below = torch.special.erfc((distance + 0.5) / scale * root)
    probability = 0.5 * (above - below)
    # Far out the difference rounds to 0, and has no gradient; there the density at the nearer end takes its place.
    nearer = ((distance - 0.5) / scale).square() / 2 + scale.log() + _LOG_ROOT
    far = probability < _LEAST_PROBABILITY
    near = -torch.where(far, 1.0, probability).log2()
    return torch.where(far, nearer / math.log(2), near)
