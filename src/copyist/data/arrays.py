"""Array files as examples: `.npy`, `.npz` and idx `.gz`."""

__all__ = [
    "array_items",
    "channels_first",
    "idx_array",
    "labels_beside",
    "mnist_items",
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

from copyist.checks import check_choice
from copyist.data.cache import Progress
from copyist.data.files import packed_files
from copyist.data.items import Items, items_of_array, items_of_files
from copyist.data.source import Source
from copyist.errors import DataError

_T = TypeVar("_T")
_IDX_TYPES = {0x08: np.uint8, 0x09: np.int8, 0x0B: np.int16, 0x0C: np.int32, 0x0D: np.float32, 0x0E: np.float64}

_TOO_LARGE = 2.0**63
"""No label is as large, since they are kept in 64 bits."""


def array_items(path: Path, source: Source, progress: Progress | None = None) -> Items:
    """The images of an array file; an `.npz` may also hold labels, both splits, or packed image files.

    Raises:
        DataError: it cannot be read, or holds no images.
    """
    if path.suffix.lower() == ".npy":
        return items_of_array(channels_first(npy_array(path), source), place=source.place)
    if path.suffix.lower() == ".gz":
        return items_of_array(channels_first(idx_array(path), source), place=source.place)
    arrays = npz_arrays(path)
    files = packed_files(arrays, place=source.place) if source.key is None else None
    if files is not None:
        return items_of_files(files, place=source.place, progress=progress)
    keys = _image_keys(arrays, source)
    images = [channels_first(arrays[key], source) for key in keys]
    labels = [labels_beside(arrays, key, place=source.place) for key in keys]
    return _joined(images, labels, source)


def mnist_items(folder: Path, source: Source) -> Items | None:
    """The images, labels and splits of a folder with the four files of MNIST; None where it is another folder."""
    names = [f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
    if not all((folder / name).is_file() for name in names):
        return None
    train, train_labels, test, test_labels = (idx_array(folder / name) for name in names)
    images = [channels_first(train, source), channels_first(test, source)]
    return _joined(images, [train_labels.astype(np.int64), test_labels.astype(np.int64)], source)


def npy_array(path: Path) -> npt.NDArray[Any]:
    """The array of an `.npy` file, left on disk and never unpickled.

    Raises:
        DataError: it is no such file, or holds objects.
    """
    return _loaded(path, lambda: np.load(path, mmap_mode="r", allow_pickle=False))


def npz_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """All arrays of an `.npz` file but those of objects or text, by name.

    Raises:
        DataError: it is no such file, or damaged.
    """

    def load() -> dict[str, npt.NDArray[Any]]:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files if _header(file, key)[1] in "buif"}

    return _loaded(path, load)


def npz_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The shapes of all arrays of an `.npz` file but those of objects or text, by name; none is loaded.

    Raises:
        DataError: it is no such file, or damaged.
    """

    def load() -> dict[str, tuple[int, ...]]:
        with np.load(path, allow_pickle=False) as file:
            headers = {key: _header(file, key) for key in file.files}
        return {key: shape for key, (shape, kind) in headers.items() if kind in "buif"}

    return _loaded(path, load)


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


def channels_first(array: npt.NDArray[Any], source: Source) -> npt.NDArray[Any]:
    """A view (N, C, H, W) of rows (N, H, W), (N, H, W, C) or (N, C, H, W).

    Raises:
        DataError: which axis holds the channels cannot be told.
    """
    if array.ndim == 3:
        return array[:, None]
    if array.ndim != 4 or 0 in array.shape:
        raise DataError(
            f"{source.place} must hold images (N, H, W), (N, H, W, C) or (N, C, H, W), or a table (N, D), "
            f"got shape {array.shape}"
        )
    layout = source.layout or _guessed_layout(array.shape, source)
    return array if layout == "nchw" else np.moveaxis(array, 3, 1)


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


def _check_labels(array: npt.NDArray[Any], what: str) -> None:
    if array.dtype.kind != "f":
        return
    wrong = array[~(np.abs(array) < _TOO_LARGE) | (array != np.rint(array))]
    if len(wrong):
        raise DataError(
            f"{what} must number classes by whole numbers, got {wrong[0]}; save whole numbers, or the array by another "
            "name"
        )


def _joined(images: list[npt.NDArray[Any]], labels: list[npt.NDArray[np.int64] | None], source: Source) -> Items:
    """Items of one array, or of a train and a test array."""
    for array, names in zip(images, labels, strict=True):
        if names is not None and len(names) != len(array):
            raise DataError(f"{source.place} must have one label per image, got {len(names)} for {len(array)}")
    if len({(array.shape[1:], array.dtype) for array in images}) > 1:
        raise DataError(f"both splits of {source.place} must have images of one shape and type, and have not")
    known = [each for each in labels if each is not None]
    is_test = np.arange(sum(map(len, images))) >= len(images[0]) if len(images) > 1 else None
    return items_of_array(
        np.concatenate(images) if len(images) > 1 else images[0],
        place=source.place,
        labels=np.concatenate(known) if len(known) == len(images) else None,
        is_test=is_test,
    )


def _image_keys(arrays: dict[str, npt.NDArray[Any]], source: Source) -> list[str]:
    """The one array of images, or those for training and testing."""
    if source.key is not None:
        check_choice(f"array in {source.place}", source.key, arrays)
        return [source.key]
    keys = [key for key, array in arrays.items() if array.ndim in (3, 4)]
    if len(keys) == 2 and (pair := train_and_test(keys)):
        return pair
    if len(keys) == 1:
        return keys
    held = ", ".join(f"{key} {array.shape}" for key, array in arrays.items()) or "nothing"
    raise DataError(f"{source.place} must hold one array of images or one table, got {held}; name it with ?key=")


def _guessed_layout(shape: tuple[int, ...], source: Source) -> str:
    _, first, middle, last = shape
    is_first = first <= 4 or 2 * first < min(middle, last)
    is_last = last <= 4 or 2 * last < min(first, middle)
    if is_first != is_last:
        return "nchw" if is_first else "nhwc"
    raise DataError(
        f"{source.place} has shape {shape}, whose channel axis cannot be told; add ?layout=nhwc or ?layout=nchw"
    )


def _loaded(path: Path, load: Callable[[], _T]) -> _T:
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
