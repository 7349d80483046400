"""Arrays of images: which axis holds the channels, and `.npy` files that are written again as they were."""

__all__ = ["ImageArray", "Layout", "channels_first"]

import threading
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeAlias, final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from copyist.errors import DataError
from copyist.outputs import temporary_name, writing

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
        self._is_finite = False
        """Whether that was looked at, and is so."""
        self._waiting: set[int] | None = None
        """The images that the new file still lacks; None before its first."""
        self._unfinished, self._start = Path(), 0
        self._one_at_a_time = threading.Lock()

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

    def check_finite(self) -> None:
        """Refuse, before any of its images is used, an array with a value that no image has.

        Raises:
            DataError: a value is not finite.
        """
        if self.rows.dtype.kind == "f" and not self._is_finite:
            for index in range(len(self.rows)):
                self.pixels(index)
        self._is_finite = True

    def put(self, index: int, values: npt.NDArray[np.float32], folder: Path) -> Path:
        """Write the new values (C, H, W) of one image into the file, which is whole once all have been given.

        The array is not held in memory; several threads may call this at once.

        Raises:
            OutputError: it cannot be written.
        """
        path, dtype, one = folder / PurePosixPath(self.name), self._values.dtype, len(self.rows) == 1
        if dtype.kind == "b":
            values = np.rint(np.clip(values, 0, 1))
        if dtype.kind == "u":
            values = np.rint(np.clip(values.astype(np.float64), 0, 1) * np.iinfo(dtype).max)
        stored = np.empty(self._values.shape if one else (1, *self._values.shape[1:]), dtype)
        _image_rows(stored, self._layout, self._place)[0] = values.astype(dtype)
        with self._one_at_a_time, writing(path):
            if self._waiting is None:
                self._begin(path)
            assert self._waiting is not None
            with self._unfinished.open("r+b") as file:
                file.seek(self._start + index * stored.nbytes)
                file.write(stored.tobytes())
            self._waiting.discard(index)
            if not self._waiting:
                self._unfinished.replace(path)
                self._waiting = None
        return path

    def _begin(self, path: Path) -> None:
        """Write the head of the file, behind which the images find their places."""
        path.parent.mkdir(parents=True, exist_ok=True)
        described = {
            "descr": np.lib.format.dtype_to_descr(self._values.dtype),
            "fortran_order": False,
            "shape": self._values.shape,
        }
        self._unfinished = path.with_name(temporary_name(path.name))
        with self._unfinished.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, described)
            self._start = file.tell()
        self._waiting = set(range(len(self.rows)))


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
