"""Contrasts of an image: derivatives of the logarithm of its brightness at a scale, which the light does not change."""

__all__ = ["contrasts", "log_brightness", "textures"]

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from copyist.corruption import gaussian_blur
from copyist.tensors import Images

_DARK = 0.05
"""In units of pixel value: below that, differences of brightness count as such, and above it as ratios."""

_EVEN = 1e-5
"""Variance of the logarithm of the brightness, below which a neighborhood counts as even."""


def log_brightness(x: Images) -> Images:
    """log(x + 0.05), and its tangent at 0 for values below, so that all numbers have one; grows with x."""
    return torch.where(x >= 0, torch.log(x.clamp_min(0) + _DARK), math.log(_DARK) + x / _DARK)


def contrasts(log_x: Images, *, scale: float, cell: int = 1) -> Tensor:
    """Contrasts at a scale, averaged over places of cell × cell pixels.

    The derivatives, times the scale to the power of their order, of the mean over the channels after a Gaussian blur:
    across, down, twice across, twice down, and mixed; then how far that mean is above the median of the image; then the
    logarithm of the variance that finer details have around the place; then, of images with C > 1 channels, how far
    C − 1 of them lie from their mean.

    Args:
        log_x: logarithms of brightness, (B, C, H, W).
        scale: standard deviation of the blur in pixels, greater than 0.
        cell: pixels along a side of a place.

    Returns:
        (B, 7 + C − 1, h, w), with h and w the sides divided by the cell, rounded down, at least 1.

    Source:
        Lindeberg (1998), "Feature Detection with Automatic Scale Selection", section 3, for derivatives in units of the
        scale.
    """
    gray = log_x.mean(1, keepdim=True)
    blurred = gaussian_blur(gray, sigma=scale)
    across, down = _slope(blurred, 3), _slope(blurred, 2)
    detail = gaussian_blur((gray - gaussian_blur(gray, sigma=1.5 * scale)).square(), sigma=2 * scale)
    colors = gaussian_blur(log_x[:, :-1] - gray, sigma=scale) if log_x.shape[1] > 1 else gray[:, :0]
    second = [_slope(across, 3), _slope(down, 2), _slope(across, 2)]
    level = blurred - _median(gray.flatten(1))[:, None, None, None]
    found = [
        scale * across,
        scale * down,
        *(scale**2 * each for each in second),
        level,
        torch.log(detail + _EVEN),
        colors,
    ]
    height, width = (max(1, side // cell) for side in log_x.shape[2:])
    return F.adaptive_avg_pool2d(torch.cat(found, 1), (height, width))


def _median(rows: Tensor) -> Tensor:
    """The lower median of each row (B, N), (B,); in a program that is traced by sorting, which every runtime has."""
    if torch.compiler.is_compiling():
        return rows.sort(1).values[:, (rows.shape[1] - 1) // 2]
    return rows.median(1).values


def textures(log_x: Images, *, scale: float, cell: int = 1) -> Tensor:
    """How strong the derivatives at a scale are around each place, by their direction: streaks, grain and dots differ.

        log(E[d²] + 10⁻⁵), with the mean over a Gaussian neighborhood of the scale

    for d the first derivatives across and down and the second ones, as `contrasts` has them.

    Args:
        log_x: logarithms of brightness, (B, C, H, W).
        scale: standard deviation of the blur in pixels, greater than 0.
        cell: pixels along a side of a place.

    Returns:
        (B, 4, h, w), with h and w as of `contrasts`.

    Source:
        Bigün, Granlund & Wiklund (1991), "Multidimensional Orientation Estimation with Applications to Texture Analysis
        and Optical Flow", for means of squared derivatives.
    """
    blurred = gaussian_blur(log_x.mean(1, keepdim=True), sigma=scale)
    across, down = scale * _slope(blurred, 3), scale * _slope(blurred, 2)
    derivatives = torch.cat([across, down, scale * _slope(across, 3), scale * _slope(down, 2)], 1)
    energy = torch.log(gaussian_blur(derivatives.square(), sigma=scale) + _EVEN)
    height, width = (max(1, side // cell) for side in log_x.shape[2:])
    return F.adaptive_avg_pool2d(energy, (height, width))


def _slope(x: Images, axis: int) -> Images:
    """Half of the difference of the two neighbors along an axis, at borders mirrored as the blur does."""
    sides = (1, 1, 0, 0) if axis == 3 else (0, 0, 1, 1)
    padded = F.pad(x, sides, mode="replicate")
    length = x.shape[axis]
    return (padded.narrow(axis, 2, length) - padded.narrow(axis, 0, length)) / 2
