"""Whether a picture keeps the rules of `scenes`, judged by its pixels alone."""

__all__ = ["LEAST_SIDE", "SceneRules", "scene_rules"]

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from copyist.checks import check_images
from copyist.errors import ShapeError
from copyist.tensors import Images, PerImage

LEAST_SIDE = 16
"""Below this a sun is less than a pixel wide."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SceneRules:
    """Which rules each of B images keeps, and how nearly; bounds were set on training scenes."""

    not_gray: Tensor
    """(B,) bool: brightness and color vary, and not as noise does from pixel to pixel; what is not is no scene."""

    one_horizon: Tensor
    """(B,) bool: most columns change from bright to dark once, at heights that differ little."""

    sky_above_land: Tensor
    """(B,) bool: above the horizon the picture is brighter than below it, on the whole."""

    one_sun: Tensor
    """(B,) bool: exactly one compact bright spot stands above the horizon."""

    sky_brighter: Tensor
    """(B,) bool: the sky just above the horizon is brighter than the land just below it."""

    order: PerImage
    """(B,) in [0, 1], share of columns that change from bright to dark near the common height, and not again below."""

    horizon_smoothness: PerImage
    """(B,) in [0, 1], 1 − 8 times the mean step of the horizon between columns, as a share of the height."""

    brighter: PerImage
    """(B,) in [0, 1], share of columns in which the sky just above the horizon is brighter than the land below."""

    num_suns: Tensor
    """(B,) int64, bright spots found above the horizon."""

    @property
    def coherent(self) -> Tensor:
        """(B,) bool: all rules are kept."""
        return self.not_gray & self.one_horizon & self.sky_above_land & self.one_sun & self.sky_brighter

    @property
    def score(self) -> PerImage:
        """(B,) in [0, 1], the mean of the graded rules; 0 for what is gray."""
        sun = 1 / (1 + (self.num_suns - 1).abs().to(self.order))
        return (self.order + self.horizon_smoothness + self.brighter + sun) / 4 * self.not_gray


@torch.no_grad()
def scene_rules(x: Images) -> SceneRules:
    """Judge each image by the rules of `copyist.data.synthetic`.

    The horizon of a column is where, below the upper third, the brightness of a sixteenth of the picture above it most
    exceeds that of a sixteenth below. A sun is a compact spot of the sky that exceeds the median of its row by half as
    much as the brightest place does.

    Args:
        x: images (B, 3, H, W), both sides at least 16; bounds were validated at 32² and 64².

    Raises:
        ShapeError: the images have no three channels, or a side is shorter than 16.
    """
    check_images(x)
    if x.shape[1] != 3 or min(x.shape[-2:]) < LEAST_SIDE:
        raise ShapeError(f"scenes must have shape (B, 3, H, W), sides at least {LEAST_SIDE}, got {tuple(x.shape)}")
    x = x.detach().float().clamp(0, 1)
    gray = _smooth(_luma(x))
    reach = max(2, gray.shape[-2] // 16)
    horizon, order = _horizon(_drop(gray, reach), reach)
    steps = horizon.diff(dim=1).abs().mean(1) / gray.shape[-2]
    sky = torch.arange(gray.shape[-2], device=x.device)[None, :, None] < horizon[:, None]  # (B, H, W)
    darker = (_beside(gray, horizon, -reach) - _beside(gray, horizon, reach) > 0.04).float().mean(1)
    side = _mean(gray, sky) - _mean(gray, ~sky)
    suns = _num_suns(_luma(x), horizon)
    common = horizon.median(1).values / gray.shape[-2]
    return SceneRules(
        not_gray=_not_gray(x),
        one_horizon=(order >= 0.8) & (steps <= 0.06) & (common > 0.35) & (common < 0.85),
        sky_above_land=side > 0.05,
        one_sun=suns == 1,
        sky_brighter=darker >= 0.75,
        order=order,
        horizon_smoothness=(1 - 8 * steps).clamp_min(0),
        brighter=darker,
        num_suns=suns,
    )


def _luma(x: Images) -> Tensor:
    """Brightness (B, H, W)."""
    return torch.einsum("c,bchw->bhw", x.new_tensor([0.299, 0.587, 0.114]), x)


def _smooth(gray: Tensor) -> Tensor:
    """Means over 3 × 3 pixels, which tame noise."""
    return F.avg_pool2d(F.pad(gray[:, None], (1, 1, 1, 1), mode="replicate"), 3, stride=1)[:, 0]


def _not_gray(x: Images) -> Tensor:
    gray = _luma(x)
    rough = (gray - _smooth(gray)).flatten(1).std(1)
    color = (x.amax(1) - x.amin(1)).flatten(1).mean(1)
    contrast = gray.flatten(1).std(1)
    return (contrast > 0.06) & (color > 0.06) & (rough < 0.6 * contrast)


def _drop(gray: Tensor, reach: int) -> Tensor:
    """How much brighter `reach` pixels above each edge of rows are than those below, (B, H − 2·reach + 1, W)."""
    means = gray.unfold(1, reach, 1).mean(-1)  # (B, H − reach + 1, W)
    return means[:, :-reach] - means[:, reach:]


def _horizon(drop: Tensor, reach: int) -> tuple[Tensor, Tensor]:
    """The row of the horizon in each column (B, W), and the share of columns that have one only, at a common height."""
    rows = torch.arange(drop.shape[1], device=drop.device)[None, :, None]
    height = drop.shape[1]
    lower = drop.masked_fill(rows < round(0.3 * height), -torch.inf)  # a sun's lower edge mostly stands above that
    found = lower.argmax(1)  # (B, W)
    fall = lower.amax(1)
    again = (drop > 0.8 * fall[:, None]) & ((rows - found[:, None]).abs() > 0.15 * height) & (rows > found[:, None])
    common = found.median(1, keepdim=True).values
    once = ((found - common).abs() <= 0.13 * height) & ~again.any(1) & (fall > 0.06)
    return (found + reach).float(), once.float().mean(1)


def _beside(gray: Tensor, horizon: Tensor, offset: int) -> Tensor:
    """Brightness `offset` rows below the horizon, (B, W)."""
    rows = (horizon.long() + offset).clamp(0, gray.shape[-2] - 1)
    return gray.gather(1, rows[:, None])[:, 0]


def _mean(gray: Tensor, where: Tensor) -> Tensor:
    return (gray * where).sum((1, 2)) / where.sum((1, 2)).clamp_min(1)


def _num_suns(gray: Tensor, horizon: Tensor) -> Tensor:
    """How many compact bright spots stand above the horizon, (B,)."""
    taps = gray.new_tensor([1.0, 2.0, 1.0]) / 4
    kernel = (taps[:, None] * taps)[None, None]
    gray = F.conv2d(F.pad(gray[:, None], (1, 1, 1, 1), mode="replicate"), kernel)[:, 0]
    height = gray.shape[1]
    rows = torch.arange(height, device=gray.device)[None, :, None]
    sky = rows < horizon[:, None] - 1 - height // 32
    sky = sky & (sky.float().mean(2, keepdim=True) > 0.5)
    usual = gray.masked_fill(~sky, torch.nan).nanmedian(2, keepdim=True).values.nan_to_num(1.0)
    excess = torch.where(sky, gray - usual, 0.0)
    spots = (excess > (0.5 * excess.amax((1, 2), keepdim=True)).clamp_min(0.07)).cpu().numpy()
    return torch.tensor([_compact_spots(each) for each in spots], device=gray.device)


def _compact_spots(bright: npt.NDArray[np.bool_]) -> int:
    """Connected spots; each that is too long or too large to be a sun counts as two, so that it never passes."""
    from scipy.ndimage import find_objects, label

    labels: npt.NDArray[np.int32] = np.empty(bright.shape, dtype=np.int32)
    label(bright, output=labels)
    count = 0
    for number, (down, across) in enumerate(find_objects(labels), start=1):
        sides = (down.stop - down.start, across.stop - across.start)
        area = int((labels[down, across] == number).sum())
        round_enough = max(sides) <= 2 * min(sides) and area >= 0.6 * sides[0] * sides[1]
        if area >= 0.002 * bright.size:
            count += 1 if round_enough and area <= 0.06 * bright.size else 2
    return count
