"""Images brought to one size, or to two values."""

__all__ = ["binarize", "fit_size", "resize", "tile_corners"]

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from copyist.data.source_options import Fit
from copyist.files.values import quantize

Pixels: TypeAlias = npt.NDArray[Any]


def fit_size(pixels: Pixels, size: tuple[int, int], fit: Fit) -> Pixels:
    """One image (H, W, C) brought to `size` by cropping, stretching or padding; `tile` is `tile_corners`."""
    height, width = pixels.shape[:2]
    if (height, width) == size:
        return pixels
    ratios = size[0] / height, size[1] / width
    if fit == "resize":
        return resize(pixels, size)
    if fit == "pad":
        inner = _scale((height, width), min(ratios))
        inside = resize(pixels, (min(inner[0], size[0]), min(inner[1], size[1])))
        top, left = (size[0] - inside.shape[0]) // 2, (size[1] - inside.shape[1]) // 2
        below, right = size[0] - inside.shape[0] - top, size[1] - inside.shape[1] - left
        return np.pad(inside, ((top, below), (left, right), (0, 0)), mode="edge")
    cover = _scale((height, width), max(ratios))
    outside = resize(pixels, (max(cover[0], size[0]), max(cover[1], size[1])))
    top, left = (outside.shape[0] - size[0]) // 2, (outside.shape[1] - size[1]) // 2
    return outside[top : top + size[0], left : left + size[1]]


def resize(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """An image (H, W, C) resampled to `size` with Lanczos' filter, antialiased, in the depth it has."""
    if pixels.shape[:2] == size:
        return pixels
    channels = [_resize_channel(pixels[:, :, channel], size) for channel in range(pixels.shape[2])]
    return np.stack(channels, axis=2)


def tile_corners(shape: tuple[int, int], size: tuple[int, int], stride: int | None) -> list[tuple[int, int]]:
    """Top left corners of the tiles of `size` in an image of (H, W), row by row; empty where it is too small."""
    down, across = (stride, stride) if stride is not None else size
    return [
        (top, left)
        for top in range(0, shape[0] - size[0] + 1, down)
        for left in range(0, shape[1] - size[1] + 1, across)
    ]


def binarize(rows: Pixels, threshold: float | str, *, digest: str) -> Pixels:
    """Rows (R, C, H, W) with each value the largest of its type (1 for floats), or 0.

    Args:
        rows: whole numbers without a sign, or floats in [0, 1].
        threshold: the share of the largest value from which on a value is 1; or `sample`, by which a value is 1 with
            the probability that it names.
        digest: of the image the rows come from: draws depend on it and on nothing else, so that an image is always
            binarized in the same way.

    Source:
        Larochelle & Murray (2011), after Salakhutdinov & Murray (2008), for images that are sampled once and for all.
    """
    largest = np.iinfo(rows.dtype).max if rows.dtype.kind == "u" else 1
    if isinstance(threshold, str):
        # In (0, 1], so that 0 stays 0 and the largest value stays as it is.
        bounds = 1 - np.random.default_rng([*digest.encode()]).random(rows.shape)
    else:
        bounds = np.float64(threshold)
    return np.where(rows / np.float64(largest) >= bounds, largest, 0).astype(rows.dtype)


def _scale(shape: tuple[int, int], ratio: float) -> tuple[int, int]:
    return max(1, round(shape[0] * ratio)), max(1, round(shape[1] * ratio))


def _resize_channel(channel: Pixels, size: tuple[int, int]) -> Pixels:
    image = Image.fromarray(channel if channel.dtype == np.uint8 else channel.astype(np.float32))
    image = image.resize((size[1], size[0]), Image.Resampling.LANCZOS)
    return quantize(np.asarray(image), channel.dtype)
