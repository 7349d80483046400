"""Hidden pixels of images painted over from the visible ones around them."""

__all__ = ["painted_over"]

import torch
import torch.nn.functional as F
from torch import Tensor

from copyist.tensors import Images


def painted_over(x: Images, visible: Tensor) -> Images:
    """Images in which hidden pixels are what the visible ones around them average to, at the finest scale that has any.

    Averages of visible pixels are taken over cells of 2 × 2 pixels, of 2 × 2 such cells, and so on until each cell has
    a value; and cells without one get that of the next coarser scale, interpolated. Where a side is odd, cells overlap.

    Source:
        Gortler et al. (1996), "The Lumigraph", section 3.4, for push and pull.

    Args:
        x: images (B, C, H, W).
        visible: (B, H, W), bool: True is a pixel that stays as it is, of which each image has one.

    Returns:
        (B, C, H, W), which depend on visible pixels alone.
    """
    return _painted(torch.where(visible[:, None], x, 0), visible[:, None].to(x))


def _painted(x: Images, share: Tensor) -> Images:
    """Images that are 0 where the share (B, 1, H, W) of visible pixels is 0, with values there too."""
    if bool((share > 0).all()) or max(x.shape[2:]) == 1:
        return x
    size = ((x.shape[2] + 1) // 2, (x.shape[3] + 1) // 2)
    total, weight = F.adaptive_avg_pool2d(x * share, size), F.adaptive_avg_pool2d(share, size)
    coarse = _painted(torch.where(weight > 0, total / weight.clamp_min(1e-12), 0), weight)
    return torch.where(share > 0, x, F.interpolate(coarse, (x.shape[2], x.shape[3]), mode="bilinear"))
