"""Heat over pictures: where something lies, in color, with the picture still to be seen."""

__all__ = ["heat_levels", "overlay"]

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from torch import Tensor

from copyist.drawing.grids import Sheet

_COOL, _HOT = np.array([255.0, 214.0, 0.0]), np.array([214.0, 0.0, 28.0])
"""The colors of little heat and of much."""

_OPAQUE = 0.72
"""How much of the color covers the picture where heat is greatest."""

_RATIOS = (3.0, 100.0)
"""The least and the largest ratio of the two levels: pictures without any heat worth the name stay as they are, and one
that burns does not hide the others."""


def heat_levels(usual: Sequence[float], hottest: Sequence[float]) -> tuple[float, float]:
    """The heat at which color begins and that at which it is full, for all pictures alike.

    Args:
        usual: of pictures that are not flagged, such as the heat that 95 % of the pixels stay below.
        hottest: of flagged pictures the greatest heat of each; of all pictures where none is flagged.

    Returns:
        Two positive numbers, the second 3 to 100 times the first.
    """
    low = max(float(np.median(usual)) if len(usual) else 0.0, float(np.finfo(np.float32).tiny))
    high = float(np.quantile(hottest, 0.9)) if len(hottest) else low
    return low, float(np.clip(high, _RATIOS[0] * low, _RATIOS[1] * low))


def overlay(pixels: Tensor, heat: Tensor, levels: tuple[float, float]) -> Sheet:
    """A picture in gray under its heat: yellow from the first level on, red at the second, evenly by its square root.

    Args:
        pixels: (C, H, W), clipped to [0, 1].
        heat: (H, W), not negative.
        levels: of `heat_levels`.

    Returns:
        (H, W, 3), 8 bits.
    """
    low, high = levels
    begin, end = np.sqrt(low), np.sqrt(high)
    share = ((heat.double().clamp_min(0).sqrt() - begin) / (end - begin)).clamp(0, 1).cpu().numpy()[..., None]
    gray = pixels.detach().float().nan_to_num(0.0).clamp(0, 1).mean(0).mul(255).double().cpu().numpy()[..., None]
    color = _COOL + (_HOT - _COOL) * share
    cover: npt.NDArray[np.float64] = _OPAQUE * share**0.75
    return np.rint(gray * (1 - cover) + color * cover).astype(np.uint8)
