"""Arrays of images: which axis holds the channels, and `.npy` files that are written again as they were."""

__all__ = ["ImageArray", "Layout", "channels_first"]

import io
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeAlias, final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from copyist.errors import DataError
from copyist.outputs import write_bytes

Layout: TypeAlias = Literal["nhwc", "nchw"]
"""Where the channels of an array are: last, or before height and width."""


@final
class ImageArray:
    """The array of an `.npy` file, one image or several, and the array that is to take its place."""

    def __init__(self, name: str, array: npt.NDArray[Any], *, layout: Layout | None, place: str) -> None:
        """Take hold of an array (H, W), (H, W, C), or (N, ...) of several images.

        Args:
            name: where it will be written, below the output folder.
            array: as it is stored.
            layout: where its channels are; None guesses.
            place: what a refusal calls the file.

        Raises:
            DataError: it holds no image, values of another type than images have, or channels that cannot be told.
        """
        self.name = name
        self._values, self._place = array, place
        self._layout: Layout | None = layout
        self.rows = _image_rows(array, layout, place)
        """(N, C, H, W)."""
        self._new: npt.NDArray[Any] | None = None
        self._waiting = set(range(len(self.rows)))

    def pixels(self, index: int) -> Tensor:
        """One image, (C, H, W) float32: whole numbers scaled to [0, 1], floats as they are; False is 0 and True 1.

        Raises:
            DataError: a value is not finite.
        """
        row = np.asarray(self.rows[index])
        # A number of 64 bits may be too large for one of 32.
        with np.errstate(over="ignore"):
            values = row.astype(np.float32)
        if not np.isfinite(values).all():
            raise DataError(f"NaN or infinity in image {index}")
        scale = np.iinfo(row.dtype).max if row.dtype.kind == "u" else 1
        return torch.from_numpy(values / np.float32(scale))

    def put(self, index: int, values: npt.NDArray[np.float32], folder: Path) -> Path:
        """Take the new values (C, H, W) of one image, and write the file once all have been given."""
        if self._new is None:
            self._new = np.empty(self._values.shape, self._values.dtype)
        dtype = self._new.dtype
        if dtype.kind == "b":
            values = np.rint(np.clip(values, 0, 1))
        if dtype.kind == "u":
            values = np.rint(np.clip(values.astype(np.float64), 0, 1) * np.iinfo(dtype).max)
        _image_rows(self._new, self._layout, self._place)[index] = values.astype(dtype)
        self._waiting.discard(index)
        path = folder / PurePosixPath(self.name)
        if not self._waiting:
            with io.BytesIO() as file:
                np.lib.format.write_array(file, self._new, allow_pickle=False)
                write_bytes(path, file.getvalue())
            self._new, self._waiting = None, set(range(len(self.rows)))
        return path


def channels_first(array: npt.NDArray[Any], *, layout: Layout | None, place: str) -> npt.NDArray[Any]:
    """A view (N, C, H, W) of images (N, H, W), (N, H, W, C) or (N, C, H, W).

    Args:
        array: the images.
        layout: where the channels are; None guesses by the shape.
        place: what a refusal calls the file.

    Raises:
        DataError: which axis holds the channels cannot be told.
    """
    if array.ndim == 3:
        return array[:, None]
    if array.ndim != 4 or 0 in array.shape:
        raise DataError(
            f"{place} must hold images (N, H, W), (N, H, W, C) or (N, C, H, W), or a table (N, D), "
            f"got shape {array.shape}"
        )
    layout = layout or _guess_layout(array.shape, place)
    return array if layout == "nchw" else np.moveaxis(array, 3, 1)


def _guess_layout(shape: tuple[int, ...], place: str) -> Layout:
    _, first, middle, last = shape
    is_first = first <= 4 or 2 * first < min(middle, last)
    is_last = last <= 4 or 2 * last < min(first, middle)
    if is_first != is_last:
        return "nchw" if is_first else "nhwc"
    raise DataError(f"{place} has shape {shape}, whose channel axis cannot be told; add ?layout=nhwc or ?layout=nchw")


def _image_rows(array: npt.NDArray[Any], layout: Layout | None, place: str) -> npt.NDArray[Any]:
    """A view (N, C, H, W) of one image (H, W) or (H, W, C), or of several."""
    if array.dtype.name not in ("uint8", "uint16") and array.dtype.kind not in "fb":
        raise DataError(f"values of type {array.dtype}, which must be uint8, uint16, bool or float")
    if 0 in array.shape:
        raise DataError(f"no image in it: its shape is {array.shape}")
    if array.ndim == 2:
        return array[None, None]
    if array.ndim == 3 and layout == "nchw":
        return array[None]
    if array.ndim == 3 and (layout == "nhwc" or array.shape[2] in (1, 3, 4)):
        return np.moveaxis(array[None], 3, 1)
    return channels_first(array, layout=layout, place=place)
