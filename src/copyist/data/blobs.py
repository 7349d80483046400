"""A spot of light that moves over the dark: images on a surface whose tangents are known."""

__all__ = ["blob_centers", "blob_tangents", "draw_blobs"]

from typing import Literal

import numpy as np
import numpy.typing as npt

from copyist.checks import check_at_least
from copyist.randomness import derive

_WIDTH = 0.12
"""Standard deviation of the spot, as a share of the shorter side."""


def blob_centers(count: int, *, split: Literal["train", "test"] = "train") -> npt.NDArray[np.float64]:
    """Where the first `count` spots of a split stand, (N, 2): row and column in [0.25, 0.75] of the sides.

    Spot i is the same whatever the count.

    Raises:
        ArgumentError: `count` is below 1.
    """
    check_at_least("count", count, 1)
    return 0.25 + 0.5 * np.random.default_rng(derive(0, "blobs", split)).random((count, 2))


def draw_blobs(centers: npt.NDArray[np.float64], *, size: tuple[int, int] = (16, 16)) -> npt.NDArray[np.float32]:
    """Draw exp(−‖p − c‖² / 2w²) at every pixel p: float32 (N, 1, H, W) in [0, 1], a surface of two dimensions."""
    away, width = _away(centers, size)
    return np.exp(-np.square(away).sum(1, keepdims=True) / (2 * width**2)).astype(np.float32)


def blob_tangents(centers: npt.NDArray[np.float64], *, size: tuple[int, int] = (16, 16)) -> npt.NDArray[np.float32]:
    """How each image changes per pixel that its spot moves down, and across: float32 (N, 2, 1, H, W)."""
    away, width = _away(centers, size)
    spots = np.exp(-np.square(away).sum(1, keepdims=True) / (2 * width**2))
    return (spots * away / width**2)[:, :, None].astype(np.float32)


def _away(centers: npt.NDArray[np.float64], size: tuple[int, int]) -> tuple[npt.NDArray[np.float64], float]:
    """The way from each spot to each pixel, (N, 2, H, W), and the spot's width, both in pixels."""
    places = np.stack(np.meshgrid(np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5, indexing="ij"))
    return places - (centers * np.array(size))[:, :, None, None], _WIDTH * min(size)
