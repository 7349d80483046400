"""What a verb is given, file by file: found and named before anything is decoded."""

__all__ = ["ArrayFile", "Input", "find_inputs"]

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from copyist.data.arrays import channels_first, npy_array
from copyist.data.base import ExampleSet
from copyist.data.files import files_in_folder, files_in_zip
from copyist.data.opening import READ, open_split
from copyist.data.source import Source, parse_source
from copyist.errors import DataError
from copyist.files.decoding import SUFFIXES, Decoded
from copyist.outputs import write_bytes


@final
class ArrayFile:
    """A `.npy` file of one image or several, and the array that is to take its place."""

    def __init__(self, name: str, array: npt.NDArray[Any], source: Source) -> None:
        self.name = name
        self._source = source
        self._values = array
        self.rows = _image_rows(array, source)
        """(N, C, H, W)."""
        self._new: npt.NDArray[Any] | None = None
        self._waiting = set(range(len(self.rows)))

    def pixels(self, index: int) -> Tensor:
        """One image, (C, H, W) float32: whole numbers scaled to [0, 1], floats as they are.

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
        """Take the new values of one image, and write the file once all have been given."""
        if self._new is None:
            self._new = np.empty(self._values.shape, self._values.dtype)
        dtype = self._new.dtype
        if dtype.kind == "u":
            values = np.rint(np.clip(values.astype(np.float64), 0, 1) * np.iinfo(dtype).max)
        _image_rows(self._new, self._source)[index] = values.astype(dtype)
        self._waiting.discard(index)
        path = folder / PurePosixPath(self.name)
        if not self._waiting:
            with io.BytesIO() as file:
                np.lib.format.write_array(file, self._new, allow_pickle=False)
                write_bytes(path, file.getvalue())
            self._new, self._waiting = None, set(range(len(self.rows)))
        return path


@dataclass(frozen=True, kw_only=True, eq=False)
class Input:
    """One file to be read, and later to be written."""

    name: str
    """Where it will be written, below the output folder."""

    read: Callable[[], bytes | Decoded | ArrayFile]
    """Gives an encoded file, an image without a file, or an array."""

    channels: int | None = None
    """What its pixels are turned into; None leaves them."""

    is_alone: bool = field(default=False)
    """Whether it was named by the user, rather than found in a folder."""


def find_inputs(inputs: Sequence[str], *, say: Callable[[str], None]) -> list[Input]:
    """Every picture that `inputs` name, in their order and then by name.

    Raises:
        DataError: there is no such file, or nothing in it that can be read.
        UnknownNameError, ArgumentError: as `parse_source`.
    """
    return [found for text in inputs for found in _found(parse_source(text), say)]


def _found(source: Source, say: Callable[[str], None]) -> list[Input]:
    path = Path(source.place)
    plain = replace(source, text="", channels=None, layout=None) == Source(text="", place=source.place)
    if source.is_embedded or not plain or path.suffix.lower() in (".npz", ".gz"):
        return _of_source(source, say)
    if path.is_dir():
        files = files_in_folder(path, say=say, splits=False)
        arrays = [] if files else sorted(each for each in path.rglob("*.npy") if each.is_file())
        if not files and not arrays:
            raise DataError(f"{source.place} must hold images or .npy arrays, and there is none; check the folder")
        found = [Input(name=file.name, read=file.read, channels=source.channels) for file in files]
        return found + [_of_array(each, each.relative_to(path).as_posix(), source, is_alone=False) for each in arrays]
    if not path.exists():
        raise DataError(f"there is no file or folder {source.place}; check the path")
    match path.suffix.lower():
        case ".zip":
            files = files_in_zip(path, say=say, splits=False)
            if not files:
                raise DataError(f"{source.place} must hold images, and there is none; check the archive")
            return [Input(name=file.name, read=file.read, channels=source.channels) for file in files]
        case ".npy":
            return [_of_array(path, path.name, source, is_alone=True)]
        case suffix if suffix in SUFFIXES:
            return [Input(name=path.name, read=path.read_bytes, channels=source.channels, is_alone=True)]
        case _:
            raise DataError(
                f"{source.place} is no picture; give a .png, .jpg, .tif, .webp, … or .npy file, or data: {READ}"
            )


def _of_array(path: Path, name: str, source: Source, *, is_alone: bool) -> Input:
    return Input(name=name, read=lambda: ArrayFile(name, npy_array(path), source), is_alone=is_alone)


def _of_source(source: Source, say: Callable[[str], None]) -> list[Input]:
    """Images of a source, which have no file of their own, as PNG."""
    # What comes with copyist is shown as held out; of a user's own files none is left out unasked.
    images = open_split(source.text, default="test" if source.is_embedded else "all", say=say)
    if images.is_table:
        raise DataError(
            f"{source.place} is a table, which has no pictures; give images, or reconstruct, denoise or encode it "
            "with a model trained on tables"
        )

    def reader(index: int) -> Callable[[], Decoded]:
        return lambda: _as_png(images, index)

    return [Input(name=_png_name(name), read=reader(index), is_alone=True) for index, name in enumerate(images.names)]


def _as_png(images: ExampleSet, index: int) -> Decoded:
    row = np.moveaxis(np.asarray(images.array[index]), 0, 2)
    if row.dtype == np.float32:
        row = np.rint(row * 65535).astype(np.uint16)
    if row.shape[2] not in (1, 3):
        raise DataError(f"{row.shape[2]} channels, which no PNG can hold")
    return Decoded(pixels=row, alpha=None, depth=8 * row.dtype.itemsize, format="PNG")


def _png_name(name: str) -> str:
    path = PurePosixPath(name)
    return str(path.with_suffix(".png")) if path.suffix.lower() in SUFFIXES else f"{name}.png"


def _image_rows(array: npt.NDArray[Any], source: Source) -> npt.NDArray[Any]:
    """A view (N, C, H, W) of one image (H, W) or (H, W, C), or of several."""
    if array.dtype.name not in ("uint8", "uint16") and array.dtype.kind != "f":
        raise DataError(f"values of type {array.dtype}, which must be uint8, uint16 or float")
    if 0 in array.shape:
        raise DataError(f"no image in it: its shape is {array.shape}")
    if array.ndim == 2:
        return array[None, None]
    if array.ndim == 3 and source.layout == "nchw":
        return array[None]
    if array.ndim == 3 and (source.layout == "nhwc" or array.shape[2] in (1, 3, 4)):
        return np.moveaxis(array[None], 3, 1)
    return channels_first(array, source)
