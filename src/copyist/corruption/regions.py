"""Regions of an image that damage may have: blobs, streaks and rectangles, of any place, size and direction."""

__all__ = ["draw_regions", "smooth_fields"]

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from copyist.randomness import draw_uniform

_KINDS = ("blob", "blob", "blob", "streak", "rectangle")
"""Each region is one of these, equally likely."""

_CELLS = (3, 6, 12)
"""Cells along a side of the noise that smooth fields are made of."""

_COARSE = 24
"""Cells along a side at which smooth fields are put together."""


def draw_regions(count: int, size: tuple[int, int], *, generator: torch.Generator, like: Tensor) -> Tensor:
    """Draw one region for each of several images; it may be empty where it lies between pixels.

    Its center lies anywhere in the image. A blob is an ellipse with a ragged border, from 3 to 50 % of a side across;
    a streak is a bent line, 1 to 6 % wide and 8 to 60 % long; a rectangle has sides of 3 to 50 %. Half of the regions
    have soft borders of two pixels.

    Args:
        count: B.
        size: (H, W).
        generator: decides.
        like: whose device and dtype the answer has.

    Returns:
        (B, 1, H, W), in [0, 1]: how far a pixel belongs to the region.
    """
    chosen = torch.randint(len(_KINDS), (count,), generator=generator, device=generator.device).tolist()
    regions = torch.zeros(count, *size, dtype=like.dtype, device=like.device)
    for kind, draw in (("blob", _blobs), ("streak", _streaks), ("rectangle", _rectangles)):
        rows = [row for row, index in enumerate(chosen) if _KINDS[index] == kind]
        if rows:
            regions[rows] = draw(len(rows), size, generator, like).to(like.dtype)
    regions = regions[:, None]
    soft = draw_uniform((count, 1, 1, 1), generator=generator, like=like) < 0.5
    return torch.where(soft, F.avg_pool2d(regions, 5, stride=1, padding=2), regions)


def smooth_fields(count: int, size: tuple[int, int], *, generator: torch.Generator, like: Tensor) -> Tensor:
    """Smooth random fields (B, H, W) of mean 0, rough to a degree of their own, within about ±3."""
    coarse = torch.zeros(count, 1, _COARSE, _COARSE, device=generator.device)
    for cells in _CELLS:
        noise = torch.randn(count, 1, cells, cells, generator=generator, device=generator.device)
        weight = torch.rand(count, 1, 1, 1, generator=generator, device=generator.device)
        coarse += weight * F.interpolate(noise, (_COARSE, _COARSE), mode="bicubic", align_corners=False)
    return F.interpolate(coarse, size, mode="bilinear", align_corners=False)[:, 0].to(like)


def _blobs(count: int, size: tuple[int, int], generator: torch.Generator, like: Tensor) -> Tensor:
    along, across = _turned(*_offsets(count, size, generator, like), generator)
    radius, stretch = _between(0.015, 0.25, count, generator, like), _between(0.5, 2, count, generator, like)
    raggedness = 0.4 * draw_uniform((count, 1, 1), generator=generator, like=like)
    field = smooth_fields(count, size, generator=generator, like=like)
    return (along / (radius * stretch)) ** 2 + (across * stretch / radius) ** 2 + raggedness * field < 1


def _streaks(count: int, size: tuple[int, int], generator: torch.Generator, like: Tensor) -> Tensor:
    along, across = _turned(*_offsets(count, size, generator, like), generator)
    length, half = _between(0.08, 0.6, count, generator, like), _between(0.006, 0.03, count, generator, like)
    bend = 3 * draw_uniform((count, 1, 1), generator=generator, like=like) - 1.5
    wobble = 0.012 * smooth_fields(count, size, generator=generator, like=like)
    return ((across - bend * along**2 + wobble).abs() < half) & (along.abs() < length / 2)


def _rectangles(count: int, size: tuple[int, int], generator: torch.Generator, like: Tensor) -> Tensor:
    down, right = _offsets(count, size, generator, like)
    height, width = (_between(0.03, 0.5, count, generator, like) for _ in range(2))
    return (down.abs() < height / 2) & (right.abs() < width / 2)


def _offsets(count: int, size: tuple[int, int], generator: torch.Generator, like: Tensor) -> tuple[Tensor, Tensor]:
    """How far each pixel lies below and to the right of a center of its own image, in shares of the sides."""
    down, right = ((torch.arange(side, device=like.device, dtype=like.dtype) + 0.5) / side for side in size)
    center = draw_uniform((2, count, 1, 1), generator=generator, like=like)
    return down[:, None] - center[0], right - center[1]  # (B, H, 1), (B, 1, W)


def _turned(down: Tensor, right: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The same offsets along and across a direction drawn for each image, (B, H, W) each."""
    angle = math.pi * draw_uniform((len(down), 1, 1), generator=generator, like=down)
    return right * angle.cos() + down * angle.sin(), down * angle.cos() - right * angle.sin()


def _between(low: float, high: float, count: int, generator: torch.Generator, like: Tensor) -> Tensor:
    """(B, 1, 1), drawn such that the logarithm is uniform."""
    return low * (high / low) ** draw_uniform((count, 1, 1), generator=generator, like=like)
