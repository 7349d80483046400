"""Pixel values: between the depths that files store and floats, and between gray and color."""

__all__ = ["as_floats", "as_rows", "check_pixels", "is_far", "quantize", "with_channels"]

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from copyist.errors import DataError
from copyist.tensors import Examples

_LUMA = np.array([0.298936021293775390, 0.587043074451121360, 0.114020904255103250])
"""ITU-R BT.601 before its weights are rounded to 0.299, 0.587 and 0.114: what gray BSD68 was made with."""


_FAR = 256.0
"""In ranges of a column: 32 bits then hold fewer than 17 of the range."""


def as_floats(array: npt.NDArray[Any]) -> Examples:
    """Stored values as float32 of the same shape: uint8 and uint16 are scaled to [0, 1], floats stay as they are."""
    if array.dtype == np.uint8:
        return torch.from_numpy(np.array(array)).float().div_(255)
    if array.dtype == np.uint16:
        return torch.from_numpy(array.astype(np.float32)).div_(65535)
    return torch.from_numpy(np.array(array, dtype=np.float32))


def as_rows(
    columns: Sequence[npt.NDArray[Any]], *, exact: Sequence[bool] = ()
) -> npt.NDArray[np.float32] | npt.NDArray[np.float64]:
    """Columns of a table side by side, (N, D): in 64 bits where a column needs them; the others are rounded to 32.

    What is too large for 32 bits becomes infinite.

    Args:
        columns: (N,) each.
        exact: which need 64 bits in any case; by default those that are far from 0.
    """
    rows = np.empty((len(columns[0]), len(columns)), dtype=np.float32)
    with np.errstate(over="ignore"):
        for place, column in enumerate(columns):
            rows[:, place] = column
    # The sum makes -0 a 0, which it equals.
    rows += np.float32(0)
    needs = exact or [False] * len(columns)
    places = [place for place, column in enumerate(columns) if needs[place] or is_far(column)]
    if not places or not np.isfinite(rows).all():
        return rows
    wide = rows.astype(np.float64)
    for place in places:
        wide[:, place] = columns[place]
    return wide


def is_far(column: npt.NDArray[Any]) -> bool:
    """Whether a column lies so far from 0 that 32 bits hold too little of its range, as times in seconds do."""
    lowest, highest = float(column.min()), float(column.max())
    return 0 < highest - lowest < max(-lowest, highest) / _FAR


def check_pixels(image: npt.NDArray[Any], *, place: str, index: int) -> None:
    """Refuse an image of floats with values that no image has.

    Args:
        image: of any layout.
        place: what the sentence calls the images.
        index: of this one among them.

    Raises:
        DataError: a value is not finite, or not in [0, 1].
    """
    if not np.isfinite(image).all():
        where = tuple(int(axis) for axis in np.argwhere(~np.isfinite(image))[0])
        raise DataError(f"{place} must hold finite values, got {image[where]} in image {index}; replace or drop it")
    low, high = float(image.min()), float(image.max())
    if low < 0 or high > 1:
        raise DataError(
            f"floats in {place} must lie in [0, 1], got [{low:g}, {high:g}] in image {index}; scale them, "
            "or save 8-bit values as uint8"
        )


def quantize(values: npt.NDArray[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Values in the units of `dtype`, clipped to its range: rounded for whole numbers, in [0, 1] for floats."""
    if dtype.kind == "f":
        return np.clip(values, 0, 1).astype(dtype)
    limits = np.iinfo(dtype)
    return np.clip(np.rint(values), limits.min, limits.max).astype(dtype)


def with_channels(pixels: npt.NDArray[Any], channels: int, *, name: str) -> npt.NDArray[Any]:
    """Images (..., C) with `channels` of them: color becomes gray by its luma, gray becomes color by repetition.

    Raises:
        DataError: neither is possible; `name` is what the sentence calls the images.
    """
    present = pixels.shape[-1]
    if present == channels:
        return pixels
    if present == 1 and channels == 3:
        return np.repeat(pixels, 3, axis=-1)
    if present == 3 and channels == 1:
        return quantize((pixels @ _LUMA)[..., None], pixels.dtype)
    raise DataError(
        f"{name} must have {channels} channels, got {present}; leave ?channels= out to take them as they are"
    )
