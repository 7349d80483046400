"""How strange each place of an image is: in units of what is usual there, and as one number for the image."""

__all__ = ["Heat", "hottest", "in_units", "usual_heat"]

from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional as F

from copyist.corruption import gaussian_blur
from copyist.tensors import PerImage

Heat: TypeAlias = Tensor
"""(B, H, W), not negative, larger is stranger."""

_REACH = 1 / 32
"""Standard deviation, in shares of the longer side, over which what is usual at a place is averaged with its neighbors:
parts do not always lie in the same place to a pixel."""

_EVERYWHERE = 0.3
"""Of the standard deviation over all places, what is added to that of a place."""


def usual_heat(normal: Heat) -> Tensor:
    """What is usual at each place: the mean heat there and its standard deviation, over normal images and nearby
    places.

    Edges and holes of a part vary more from one to the next than its flat sides, and are hotter in all of them.

    Args:
        normal: of held-out normal images.

    Returns:
        (H, W), greater than 0.
    """
    reach = max(normal.shape[1:]) * _REACH
    mean = gaussian_blur(normal.mean(0)[None, None], sigma=reach)[0, 0]
    spread = gaussian_blur((normal - mean).square().mean(0)[None, None], sigma=reach)[0, 0].clamp_min(0).sqrt()
    usual = mean + spread + _EVERYWHERE * normal.std(correction=0)
    return usual.clamp_min(torch.finfo(usual.dtype).tiny ** 0.5)


def in_units(heat: Heat, usual: Tensor) -> Heat:
    """The same heat in units of what is usual at its place, stretched to images of another size than (H, W)."""
    if usual.shape != heat.shape[1:]:
        size = [int(side) for side in heat.shape[1:]]
        usual = F.interpolate(usual[None, None], size, mode="bilinear", align_corners=False)[0, 0]
    return heat / usual.to(heat)


def hottest(heat: Heat, *, share: float) -> PerImage:
    """The mean over the hottest pixels of each image, which are this share of all, and at least one."""
    pixels = heat.flatten(1)
    return pixels.topk(max(1, round(share * pixels.shape[1]))).values.mean(1)
