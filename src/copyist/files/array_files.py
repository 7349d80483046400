"""Array files, `.npy`, `.npz` and idx `.gz`: their arrays, and which of an `.npz` belong together."""

__all__ = [
    "flat_labels",
    "idx_array",
    "is_label_name",
    "join_labels",
    "labels_beside",
    "not_class_numbers",
    "npy_array",
    "npz_arrays",
    "npz_objects",
    "npz_shapes",
    "train_and_test",
]

import gzip
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from copyist.errors import DataError
from copyist.files.split_names import role_of

_T = TypeVar("_T")
_IDX_TYPES = {0x08: np.uint8, 0x09: np.int8, 0x0B: np.int16, 0x0C: np.int32, 0x0D: np.float32, 0x0E: np.float64}

_LABEL_NAMES = ("y", "label", "labels", "target", "targets", "class", "classes")
"""Of arrays, without the split that they are for."""

_NAMES_OF_CLASSES = ("class", "classes")
"""Those that may also be called so: arrays of one name for each class."""

_TOO_LARGE = 2.0**63
"""No label is as large, since they are kept in 64 bits."""


def npy_array(path: Path) -> npt.NDArray[Any]:
    """The array of an `.npy` file, left on disk and never unpickled.

    Raises:
        DataError: it is no such file, or holds objects.
    """
    return _load(path, lambda: np.load(path, mmap_mode="r", allow_pickle=False))


def npz_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """All arrays of an `.npz` file but those of objects, which are never unpickled, by name.

    Raises:
        DataError: it is no such file, or damaged.
    """

    def load() -> dict[str, npt.NDArray[Any]]:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files if _header(file, key)[1] in "buifUS"}

    return _load(path, load)


def npz_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The shapes of all arrays of numbers in an `.npz` file, by name; none is loaded.

    Raises:
        DataError: it is no such file, or damaged.
    """
    return {key: shape for key, (shape, kind) in _headers(path).items() if kind in "buif"}


def npz_objects(path: Path) -> list[str]:
    """The names of the arrays of an `.npz` file that are never loaded, such as those of Python objects.

    Raises:
        DataError: it is no such file, or damaged.
    """
    return [key for key, (_, kind) in _headers(path).items() if kind not in "buifUS"]


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
    """`x_train` and `x_test`, `train_images` and `val_images`, and so on; what is for testing before what validates.

    Returns:
        The names of the two arrays, or none where no two such are there.
    """
    roles = {key: _split_of(key) for key in keys}
    for train, (role, bare) in roles.items():
        if role != "train":
            continue
        for held_out in ("test", "val"):
            other = next((key for key, its in roles.items() if its == (held_out, bare)), None)
            if other is not None:
                return [train, other]
    return []


def is_label_name(key: str) -> bool:
    """Whether an array is called as labels are: `y`, `labels`, `train_labels`, `Y_test`, and so on."""
    return _split_of(key)[1] in _LABEL_NAMES


def labels_beside(arrays: Mapping[str, npt.NDArray[Any]], key: str) -> tuple[str, npt.NDArray[Any]] | None:
    """`y` beside `x`, `train_labels` beside `train_images`, and so on: the label of each example, (N,).

    Args:
        arrays: all of the file, by name.
        key: the examples, whose labels are wanted.

    Returns:
        The name of their array, and numbers or texts as `flat_labels` gives them; None where there are none, or none of
        the right shape. Of several, one with as many labels as there are examples comes first. One called `classes`
        comes last, which may be their names, and is passed over where it does not fit.
    """
    role, shape = _split_of(key)[0], arrays[key].shape
    found: list[tuple[str, npt.NDArray[Any]]] = []
    for name, array in arrays.items():
        if name != key and is_label_name(name) and _split_of(name)[0] == role:
            flat = flat_labels(array)
            may_be_names = _split_of(name)[1] in _NAMES_OF_CLASSES
            if flat is not None and not (may_be_names and len(flat) not in shape):
                found.append((name, flat))

    def rank(each: tuple[str, npt.NDArray[Any]]) -> tuple[bool, bool, bool]:
        # The examples may lie along another axis, as in some files of MATLAB's.
        name, flat = each
        return _split_of(name)[1] in _NAMES_OF_CLASSES, len(flat) != shape[0], len(flat) not in shape

    return min(found, key=rank, default=None)


def flat_labels(array: npt.NDArray[Any]) -> npt.NDArray[Any] | None:
    """One label per example, (N,), of labels (N,), (N, 1) or one-hot (N, K); None where they are none of these.

    A row of one-hot labels has one value of 1 or True, and is 0 else: its place is the number of the class.
    """
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 1:
        return array
    if array.ndim != 2 or array.dtype.kind not in "buif" or not array.size:
        return None
    one_hot = ((array == 0) | (array == 1)).all() and (array.astype(np.int64).sum(1) == 1).all()
    return array.argmax(1) if one_hot else None


def join_labels(labels: Sequence[npt.NDArray[Any] | None]) -> npt.NDArray[Any] | None:
    """The labels of all arrays in one; None unless each array has some."""
    present = [each for each in labels if each is not None]
    return np.concatenate(present) if len(present) == len(labels) else None


def not_class_numbers(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Those of some numbers that cannot number a class: fractions, NaN, and what 64 bits cannot hold."""
    return values[~(np.abs(values.astype(np.float64)) < _TOO_LARGE) | (values != np.rint(values))]


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


def _headers(path: Path) -> dict[str, tuple[tuple[int, ...], str]]:
    """Shape and kind of each array of an `.npz` file; none is loaded."""

    def load() -> dict[str, tuple[tuple[int, ...], str]]:
        with np.load(path, allow_pickle=False) as file:
            return {key: _header(file, key) for key in file.files}

    return _load(path, load)


def _split_of(key: str) -> tuple[str, str]:
    """The role in a split that the name of an array states, `train`, `val`, `test` or none, and what is left of it."""
    apart = re.sub(r"^([XYxy])(?=[a-z]{3})", r"\1_", key)  # xtrain
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", apart)]
    role = next((role for role in map(role_of, words) if role), "")
    return role, "_".join(word for word in words if role_of(word) is None)
