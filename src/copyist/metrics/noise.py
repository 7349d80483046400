"""How much noise an image seems to hold, judged by its finest diagonal detail."""

__all__ = ["noise_level"]

import torch

from copyist.checks import check_images
from copyist.errors import ShapeError
from copyist.tensors import Images, PerImage

NORMAL_QUARTILE = 0.6744897501960817
"""The median of |z| for z ~ N(0, 1)."""


def noise_level(x: Images) -> PerImage:
    """Estimate the standard deviation of white noise in each image.

        σ = median |HH| / 0.6745,  HH = (a − b − c + d) / 2 over each 2 × 2 block of pixels a b / c d

    HH are the diagonal coefficients of the finest Haar wavelet: pictures hardly reach them, noise does, and the median
    passes over the few edges that do. Channels are estimated apart and averaged. An odd last row or column is left out.

    Args:
        x: images (B, C, H, W) of any range, both sides at least 2.

    Returns:
        (B,), in units of pixel value. A clean image with fine texture scores above 0, so compare with the clean one's.

    Raises:
        ShapeError: `x` is not (B, C, H, W), or a side is shorter than 2.

    Source:
        Donoho & Johnstone (1994), "Ideal Spatial Adaptation by Wavelet Shrinkage", section 4.2.
    """
    check_images(x)
    height, width = x.shape[-2] // 2 * 2, x.shape[-1] // 2 * 2
    if 0 in (height, width):
        raise ShapeError(f"images must be at least 2 pixels high and wide, got {x.shape[-2]}x{x.shape[-1]}")
    even, odd = x[..., 0:height:2, :width], x[..., 1:height:2, :width]
    diagonal = (even[..., 0::2] - even[..., 1::2] - odd[..., 0::2] + odd[..., 1::2]) / 2  # (B, C, H/2, W/2)
    magnitudes = diagonal.abs().flatten(2).sort(dim=2).values  # (B, C, N)
    count = magnitudes.shape[2]
    median = (magnitudes[..., (count - 1) // 2] + magnitudes[..., count // 2]) / 2
    return torch.mean(median / NORMAL_QUARTILE, dim=1)
