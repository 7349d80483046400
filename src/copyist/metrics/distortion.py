"""How far a copy is from its image: MSE, PSNR, SSIM, MS-SSIM."""

__all__ = ["LEAST_SIDE", "aligned", "distance", "ms_ssim", "mse", "pooled_psnr", "psnr", "ssim"]

import torch
import torch.nn.functional as F
from torch import Tensor

from copyist.checks import check_same_examples, check_same_shape
from copyist.errors import ShapeError
from copyist.tensors import Images, PerImage

WINDOW_SIGMA = 1.5
"""Standard deviation of SSIM's window, in pixels."""

WINDOW_RADIUS = 5
"""Reach of that window: 11 pixels in all."""

SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponents of MS-SSIM, from the finest scale to the coarsest."""

_LEAST_MEAN = 1e-9
"""Of similarities whose power is taken."""

LEAST_SIDE = (2 * WINDOW_RADIUS + 1) * 2 ** (len(SCALE_WEIGHTS) - 1)
"""Pixels of the shorter side of an image that MS-SSIM can be taken of, at least: 176."""


def mse(x_hat: Images, x: Images) -> PerImage:
    """The mean squared error of each example, over all its values.

    Args:
        x_hat: reconstructions (B, ...).
        x: originals (B, ...).

    Returns:
        (B,), at least 0.

    Raises:
        ShapeError: the shapes differ.
    """
    check_same_examples(x_hat, x)
    return (x_hat - x).square().flatten(1).mean(1)


def distance(x_hat: Images, x: Images) -> PerImage:
    """The Euclidean distance ‖x̂ − x‖ of each example, over all its values: √(n · MSE).

    Args:
        x_hat: reconstructions (B, ...).
        x: originals (B, ...).

    Returns:
        (B,), at least 0.

    Raises:
        ShapeError: the shapes differ.
    """
    check_same_examples(x_hat, x)
    return (x_hat - x).flatten(1).norm(dim=1)


def aligned(x_hat: Images, x: Images) -> Images:
    """Each channel of `x_hat` times one number plus another, so that it is as near to `x` as that brings it.

    Differences in brightness and contrast are gone then, and others stay. A channel of one value becomes the mean of
    the original's; one that is more like the negative of the original is turned around.

    Args:
        x_hat: images (B, C, H, W).
        x: originals (B, C, H, W).

    Returns:
        Images (B, C, H, W).

    Raises:
        ShapeError: the shapes differ, or are not those of images.
    """
    check_same_shape(x_hat, x)
    # Sums over many pixels, of which small differences are taken.
    wide_hat, wide = x_hat.double(), x.double()
    centered = wide_hat - wide_hat.mean((2, 3), keepdim=True)
    mean = wide.mean((2, 3), keepdim=True)
    variance = centered.square().mean((2, 3), keepdim=True)
    covariance = (centered * (wide - mean)).mean((2, 3), keepdim=True)
    gain = torch.where(variance > 0, covariance / variance, 0.0)
    return (gain * centered + mean).to(x_hat.dtype)


def psnr(x_hat: Images, x: Images) -> PerImage:
    """The peak signal-to-noise ratio of each example, −10 · log₁₀ MSE, for values whose peak is 1.

    Args:
        x_hat: reconstructions (B, ...).
        x: originals (B, ...), in [0, 1].

    Returns:
        (B,), in decibels; infinite where the copy is exact.

    Raises:
        ShapeError: the shapes differ.
    """
    return -10 * torch.log10(mse(x_hat, x))


def pooled_psnr(x_hat: Images, x: Images) -> float:
    """The peak signal-to-noise ratio of all examples together: that of their mean squared error, for a peak of 1.

    Never above the mean of their own ratios, in which one nearly exact copy outweighs many poor ones.

    Args:
        x_hat: reconstructions (B, ...).
        x: originals (B, ...), in [0, 1].

    Returns:
        Decibels; infinite where all copies are exact.

    Raises:
        ShapeError: the shapes differ.
    """
    return float(-10 * mse(x_hat, x).mean().log10())


def ssim(x_hat: Images, x: Images) -> PerImage:
    """The structural similarity of each image: brightness, contrast and structure compared in Gaussian windows.

    The windows have σ = 1.5 pixels and 11 × 11 taps and lie wholly inside the image; their values are averaged over
    positions and channels. Along a side shorter than 11 no window fits, so there one is centered on every pixel and
    the image is mirrored beyond its border (b a | a b | b a).

    Args:
        x_hat: reconstructions (B, C, H, W).
        x: originals (B, C, H, W), in [0, 1].

    Returns:
        (B,), at most 1, which only equal images reach.

    Raises:
        ShapeError: the shapes differ, or are not those of images.

    Source:
        Wang et al. (2004), "Image Quality Assessment", equation 13 with K₁ = 0.01, K₂ = 0.03, L = 1.
    """
    check_same_shape(x_hat, x)
    brightness, structure = _similarity(x_hat, x)
    return (brightness * structure).flatten(1).mean(1)


def ms_ssim(x_hat: Images, x: Images) -> PerImage:
    """The structural similarity of each image over five scales, each half of the one before.

        MS-SSIM = Π_j max(0, mean of structure_j)^w_j · max(0, mean of brightness·structure at the last)^w_5

    It is taken of each channel, and averaged over channels. An odd last row or column is left out where an image is
    halved, by the mean of each 2×2 pixels.

    Args:
        x_hat: reconstructions (B, C, H, W).
        x: originals (B, C, H, W), in [0, 1], with sides of at least 176.

    Returns:
        (B,), at most 1, which only equal images reach.

    Raises:
        ShapeError: the shapes differ, or are too small.

    Source:
        Wang, Simoncelli & Bovik (2003), "Multi-scale Structural Similarity for Image Quality Assessment", equation 7.
    """
    check_same_shape(x_hat, x)
    if min(x.shape[2:]) < LEAST_SIDE:
        raise ShapeError(
            f"MS-SSIM needs sides of at least {LEAST_SIDE}, got {x.shape[2]}x{x.shape[3]}; take SSIM of small images"
        )
    found = torch.ones(x.shape[:2], dtype=x.dtype, device=x.device)
    for scale, weight in enumerate(SCALE_WEIGHTS):
        brightness, structure = _similarity(x_hat, x)
        last = scale == len(SCALE_WEIGHTS) - 1
        mean = (brightness * structure if last else structure).mean((2, 3))
        # A power of 0 has no finite slope, and this is trained by: what is not alike at all has slope 0.
        found = found * torch.where(mean > 0, mean.clamp(min=_LEAST_MEAN) ** weight, 0.0)
        x_hat, x = F.avg_pool2d(x_hat, 2), F.avg_pool2d(x, 2)
    return found.mean(1)


def _similarity(x_hat: Images, x: Images) -> tuple[Tensor, Tensor]:
    """How alike brightness is in each window, and contrast and structure."""
    c1, c2 = 0.01**2, 0.03**2
    mean_hat, mean = _window_means(x_hat), _window_means(x)
    variance_hat = _window_means(x_hat * x_hat) - mean_hat**2
    variance = _window_means(x * x) - mean**2
    covariance = _window_means(x_hat * x) - mean_hat * mean
    brightness = (2 * mean_hat * mean + c1) / (mean_hat**2 + mean**2 + c1)
    structure = (2 * covariance + c2) / (variance_hat + variance + c2)
    return brightness, structure


def _window_means(x: Tensor) -> Tensor:
    """Gaussian-weighted means of `x` (B, C, H, W) in all windows that fit."""
    offsets = torch.arange(-WINDOW_RADIUS, WINDOW_RADIUS + 1, device=x.device, dtype=x.dtype)
    taps = torch.exp(-0.5 * (offsets / WINDOW_SIGMA) ** 2)
    taps = taps / taps.sum()
    batch, channels, height, width = x.shape
    x = x[..., _mirror_indices(height, x.device), :][..., _mirror_indices(width, x.device)]
    x = x.reshape(batch * channels, 1, *x.shape[-2:])
    x = F.conv2d(F.conv2d(x, taps.view(1, 1, -1, 1)), taps.view(1, 1, 1, -1))
    return x.reshape(batch, channels, *x.shape[-2:])


def _mirror_indices(side: int, device: torch.device) -> Tensor:
    """Indices of the pixels along one side, continued beyond the borders where the window is the longer."""
    beyond = 0 if side > 2 * WINDOW_RADIUS else WINDOW_RADIUS
    index = torch.arange(-beyond, side + beyond, device=device) % (2 * side)
    return torch.minimum(index, 2 * side - 1 - index)
