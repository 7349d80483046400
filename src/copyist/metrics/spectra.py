"""How an image's energy lies over frequencies, and how much of the fine detail a copy keeps."""

__all__ = ["Spectrum", "high_frequency_energy", "high_frequency_share", "radial_spectrum"]

from dataclasses import dataclass

import torch
from torch import Tensor

from copyist.checks import check_images, check_same_shape
from copyist.errors import ShapeError
from copyist.tensors import Images, PerImage

HALF_NYQUIST = 0.25
"""Half the highest frequency that a row of pixels can hold, in cycles per pixel."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Spectrum:
    """Power over distance from frequency 0."""

    frequency: Tensor
    """(K,), in cycles per pixel, rising to at most 0.5."""

    power: Tensor
    """(B, K), mean power on each ring, in squared units of pixel value; white noise has its variance on each."""


def radial_spectrum(x: Images) -> Spectrum:
    """The power of each image, averaged over channels and over rings of equal frequency.

    Ring k holds the frequencies nearest to k cycles per shorter side, k = 1, 2, … up to Nyquist's; the image's mean
    (k = 0) and the corners beyond Nyquist's ring are left out.

    Args:
        x: images (B, C, H, W) of any range, both sides at least 2.

    Raises:
        ShapeError: `x` is not (B, C, H, W), or a side is shorter than 2.
    """
    _check_sides(x)
    side = min(x.shape[-2:])
    rings = (_radius(x) * side).round().long().flatten()  # (H·W,)
    power = _power(x).mean(1).flatten(1)  # (B, H·W)
    num_rings = int(rings.max()) + 1
    total = power.new_zeros(len(x), num_rings).index_add_(1, rings, power)
    count = torch.bincount(rings, minlength=num_rings)
    kept = torch.arange(1, side // 2 + 1, device=x.device)
    return Spectrum(frequency=kept / side, power=total[:, kept] / count[kept])


def high_frequency_energy(x: Images) -> PerImage:
    """The energy of each image above half of Nyquist's frequency (over 0.25 cycles per pixel, corners included).

    Args:
        x: images (B, C, H, W) of any range, both sides at least 2.

    Returns:
        (B,), the mean square of what a perfect high-pass filter leaves of the image, in squared units of pixel value.

    Raises:
        ShapeError: `x` is not (B, C, H, W), or a side is shorter than 2.
    """
    _check_sides(x)
    high = _radius(x) > HALF_NYQUIST
    return (_power(x) * high).mean((1, 2, 3))


def high_frequency_share(x_hat: Images, x: Images) -> PerImage:
    """The energy of each copy above half of Nyquist's frequency, as a share of its clean image's.

    Below 1 the copy is smoother than the image, above 1 rougher: noise counts as detail here, so the noise level
    belongs beside it.

    Args:
        x_hat: reconstructions (B, C, H, W).
        x: clean images (B, C, H, W).

    Returns:
        (B,), at least 0; infinite or not a number where the clean image has no such energy.

    Raises:
        ShapeError: the shapes differ, or a side is shorter than 2.
    """
    check_same_shape(x_hat, x)
    return high_frequency_energy(x_hat) / high_frequency_energy(x)


def _check_sides(x: Images) -> None:
    check_images(x)
    if min(x.shape[-2:]) < 2:
        raise ShapeError(f"images must be at least 2 pixels high and wide, got {x.shape[-2]}x{x.shape[-1]}")


def _power(x: Images) -> Tensor:
    """|FFT|² / HW (B, C, H, W), whose mean over frequencies is the image's mean square."""
    return torch.fft.fft2(x, norm="ortho").abs().square()


def _radius(x: Images) -> Tensor:
    """Distance of each frequency from 0 (H, W), in cycles per pixel."""
    height, width = x.shape[-2:]
    down, across = torch.fft.fftfreq(height, device=x.device), torch.fft.fftfreq(width, device=x.device)
    return torch.hypot(down[:, None].expand(height, width), across.expand(height, width))
