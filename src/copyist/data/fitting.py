"""Images brought to one size and one number of channels."""

__all__ = ["fitted", "resized", "tile_corners", "with_channels"]

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from copyist.data.source import Fit
from copyist.errors import DataError

Pixels: TypeAlias = npt.NDArray[Any]

_LUMA = np.array([0.298936021293775390, 0.587043074451121360, 0.114020904255103250])
"""ITU-R BT.601 before its weights are rounded to 0.299, 0.587 and 0.114: what gray BSD68 was made with."""


def fitted(pixels: Pixels, size: tuple[int, int], fit: Fit) -> Pixels:
    """One image (H, W, C) brought to `size` by cropping, stretching or padding; `tile` is `tile_corners`."""
    height, width = pixels.shape[:2]
    if (height, width) == size:
        return pixels
    ratios = size[0] / height, size[1] / width
    if fit == "resize":
        return resized(pixels, size)
    if fit == "pad":
        inner = _scaled((height, width), min(ratios))
        inside = resized(pixels, (min(inner[0], size[0]), min(inner[1], size[1])))
        top, left = (size[0] - inside.shape[0]) // 2, (size[1] - inside.shape[1]) // 2
        below, right = size[0] - inside.shape[0] - top, size[1] - inside.shape[1] - left
        return np.pad(inside, ((top, below), (left, right), (0, 0)), mode="edge")
    cover = _scaled((height, width), max(ratios))
    outside = resized(pixels, (max(cover[0], size[0]), max(cover[1], size[1])))
    top, left = (outside.shape[0] - size[0]) // 2, (outside.shape[1] - size[1]) // 2
    return outside[top : top + size[0], left : left + size[1]]


def resized(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """An image (H, W, C) resampled to `size` with Lanczos' filter, antialiased, in the depth it has."""
    if pixels.shape[:2] == size:
        return pixels
    channels = [_resized_channel(pixels[:, :, channel], size) for channel in range(pixels.shape[2])]
    return np.stack(channels, axis=2)


def tile_corners(shape: tuple[int, int], size: tuple[int, int], stride: int | None) -> list[tuple[int, int]]:
    """Top left corners of the tiles of `size` in an image of (H, W), row by row; empty where it is too small."""
    down, across = (stride, stride) if stride is not None else size
    return [
        (top, left)
        for top in range(0, shape[0] - size[0] + 1, down)
        for left in range(0, shape[1] - size[1] + 1, across)
    ]


def with_channels(pixels: Pixels, channels: int, *, name: str) -> Pixels:
    """Images (..., C) with `channels` of them: color becomes gray by its luma, gray becomes color by repetition.

    Raises:
        DataError: neither is possible.
    """
    present = pixels.shape[-1]
    if present == channels:
        return pixels
    if present == 1 and channels == 3:
        return np.repeat(pixels, 3, axis=-1)
    if present == 3 and channels == 1:
        return _stored((pixels @ _LUMA)[..., None], pixels.dtype)
    raise DataError(
        f"{name} must have {channels} channels, got {present}; leave ?channels= out to take them as they are"
    )


def _scaled(shape: tuple[int, int], ratio: float) -> tuple[int, int]:
    return max(1, round(shape[0] * ratio)), max(1, round(shape[1] * ratio))


def _resized_channel(channel: Pixels, size: tuple[int, int]) -> Pixels:
    image = Image.fromarray(channel if channel.dtype == np.uint8 else channel.astype(np.float32))
    image = image.resize((size[1], size[0]), Image.Resampling.LANCZOS)
    return _stored(np.asarray(image), channel.dtype)


def _stored(values: Pixels, dtype: np.dtype[Any]) -> Pixels:
    """Values rounded and clipped to what `dtype` holds."""
    if dtype == np.float32:
        return np.clip(values, 0, 1).astype(np.float32)
    top = np.iinfo(dtype).max
    return np.clip(np.rint(values), 0, top).astype(dtype)
