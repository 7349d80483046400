"""Array files, `.npy`, `.npz` and idx `.gz`: their arrays, and which of an `.npz` belong together."""

__all__ = [
    "idx_array",
    "join_labels",
    "labels_beside",
    "not_class_numbers",
    "npy_array",
    "npz_arrays",
    "npz_shapes",
    "train_and_test",
]

import gzip
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from copyist.errors import DataError

_T = TypeVar("_T")
_IDX_TYPES = {0x08: np.uint8, 0x09: np.int8, 0x0B: np.int16, 0x0C: np.int32, 0x0D: np.float32, 0x0E: np.float64}

_TOO_LARGE = 2.0**63
"""No label is as large, since they are kept in 64 bits."""


def npy_array(path: Path) -> npt.NDArray[Any]:
    """The array of an `.npy` file, left on disk and never unpickled.

    Raises:
        DataError: it is no such file, or holds objects.
    """
    return _load(path, lambda: np.load(path, mmap_mode="r", allow_pickle=False))


def npz_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """All arrays of an `.npz` file but those of objects or text, by name.

    Raises:
        DataError: it is no such file, or damaged.
    """

    def load() -> dict[str, npt.NDArray[Any]]:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files if _header(file, key)[1] in "buif"}

    return _load(path, load)


def npz_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The shapes of all arrays of an `.npz` file but those of objects or text, by name; none is loaded.

    Raises:
        DataError: it is no such file, or damaged.
    """

    def load() -> dict[str, tuple[int, ...]]:
        with np.load(path, allow_pickle=False) as file:
            headers = {key: _header(file, key) for key in file.files}
        return {key: shape for key, (shape, kind) in headers.items() if kind in "buif"}

    return _load(path, load)


def idx_array(path: Path) -> npt.NDArray[Any]:
    """The array of a gzipped idx file.

    Raises:
        DataError: it is no such file, or ends early.
    """
    try:
        content = gzip.decompress(path.read_bytes())
        _, kind, num_axes = struct.unpack_from(">HBB", content)
        shape = struct.unpack_from(f">{num_axes}I", content, 4)
        dtype = np.dtype(_IDX_TYPES[kind]).newbyteorder(">")
        array = np.frombuffer(content, dtype, offset=4 + 4 * num_axes)
        return array.reshape(shape).astype(dtype.newbyteorder("="))
    except (OSError, EOFError, zlib.error, struct.error, KeyError, ValueError) as error:
        raise DataError(f"{path} must be an idx file as MNIST has them, and is not, or is damaged") from error


def train_and_test(keys: Sequence[str]) -> list[str]:
    """`x_train` and `x_test`, `train_images` and `test_images`, and so on."""
    for train in keys:
        test = train.replace("train", "test")
        if test != train and test in keys:
            return [train, test]
    return []


def labels_beside(arrays: dict[str, npt.NDArray[Any]], key: str, *, place: str) -> npt.NDArray[np.int64] | None:
    """`y` beside `x`, `train_labels` beside `train_images`, and so on.

    Raises:
        DataError: the values are not whole.
    """
    part = next((part for part in ("train", "test") if part in key), "")
    for name, array in arrays.items():
        bare = name.replace("train", "").replace("test", "").strip("_").lower()
        its_part = next((part for part in ("train", "test") if part in name), "")
        if bare in ("y", "label", "labels", "target", "targets") and its_part == part and array.ndim == 1:
            _check_labels(array, f"labels {name} of {place}")
            return array.astype(np.int64)
    return None


def join_labels(labels: Sequence[npt.NDArray[np.int64] | None]) -> npt.NDArray[np.int64] | None:
    """The labels of all arrays in one; None unless each array has some."""
    present = [each for each in labels if each is not None]
    return np.concatenate(present) if len(present) == len(labels) else None


def not_class_numbers(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Those of some numbers that cannot number a class: fractions, NaN, and what 64 bits cannot hold."""
    return values[~(np.abs(values.astype(np.float64)) < _TOO_LARGE) | (values != np.rint(values))]


def _check_labels(array: npt.NDArray[Any], what: str) -> None:
    wrong = not_class_numbers(array) if array.dtype.kind == "f" else []
    if len(wrong):
        raise DataError(
            f"{what} must number classes by whole numbers, got {wrong[0]}; save whole numbers, or the array by another "
            "name"
        )


def _load(path: Path, load: Callable[[], _T]) -> _T:
    try:
        return load()
    except (OSError, ValueError, EOFError, KeyError, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
        if str(error).startswith("Object arrays") or "Python objects" in str(error):
            raise DataError(f"{path} holds Python objects, which are never loaded; save plain numbers") from error
        raise DataError(f"{path} must be a NumPy file, and is not, or is damaged") from error


def _header(file: Any, key: str) -> tuple[tuple[int, ...], str]:
    """Shape and kind of an array, by its header alone."""
    with file.zip.open(f"{key}.npy") as member:
        version = np.lib.format.read_magic(member)
        reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = reader(member)
    return shape, dtype.kind
