"""Array files as sources of images: `.npy`, `.npz` and idx `.gz`."""

__all__ = ["undecoded_array_file", "undecoded_mnist"]

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from copyist.checks import check_choice
from copyist.data.image_files import undecoded_packed
from copyist.data.labels import ClassLabels
from copyist.data.source import Source
from copyist.data.undecoded import Undecoded, undecoded_array
from copyist.errors import DataError
from copyist.files.array_files import (
    idx_array,
    is_label_name,
    join_labels,
    labels_beside,
    npy_array,
    npz_arrays,
    npz_objects,
    train_and_test,
)
from copyist.files.bulk import Progress, ignore
from copyist.files.image_arrays import channels_first


def undecoded_array_file(
    path: Path, source: Source, *, say: Callable[[str], None] = ignore, progress: Progress | None = None
) -> Undecoded:
    """The images of an array file; an `.npz` may also hold labels, both splits, or packed image files.

    What else an `.npz` holds is named, and left out.

    Raises:
        DataError: it cannot be read, or holds no images.
    """
    if path.suffix.lower() == ".npy":
        return _join([npy_array(path)], [None], source)
    if path.suffix.lower() == ".gz":
        return _join([idx_array(path)], [None], source)
    arrays = npz_arrays(path)
    packed = undecoded_packed(arrays, place=source.place, progress=progress) if source.key is None else None
    if packed is not None:
        return packed
    keys = _image_keys(arrays, source)
    labels = {key: labels_beside(arrays, key) for key in keys}
    used = [*keys, *(name for name, _ in filter(None, labels.values()))]
    _say_left_out(arrays, [*(name for name in arrays if name not in used), *npz_objects(path)], used, source, say)
    return _join([arrays[key] for key in keys], [found[1] if found else None for found in labels.values()], source)


def undecoded_mnist(folder: Path, source: Source) -> Undecoded | None:
    """The images, labels and splits of a folder with the four files of MNIST; None where it is another folder.

    Raises:
        DataError: a file cannot be read.
    """
    names = [f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
    if not all((folder / name).is_file() for name in names):
        return None
    train, train_labels, test, test_labels = (idx_array(folder / name) for name in names)
    return _join([train, test], [train_labels.astype(np.int64), test_labels.astype(np.int64)], source)


def _join(arrays: Sequence[npt.NDArray[Any]], labels: Sequence[npt.NDArray[Any] | None], source: Source) -> Undecoded:
    """The images of one array, or of a train and a test array."""
    images = [channels_first(array, layout=source.layout, place=source.place) for array in arrays]
    for array, its_labels in zip(images, labels, strict=True):
        if its_labels is not None and len(its_labels) != len(array):
            raise DataError(f"{source.place} must have one label per image, got {len(its_labels)} for {len(array)}")
    if len({(array.shape[1:], array.dtype) for array in images}) > 1:
        raise DataError(f"both splits of {source.place} must have images of one shape and type, and have not")
    joined = join_labels(labels)
    return undecoded_array(
        np.concatenate(images) if len(images) > 1 else images[0],
        place=source.place,
        labels=None if joined is None else ClassLabels.of(joined, what=f"labels of {source.place}"),
        is_test=np.arange(sum(map(len, images))) >= len(images[0]) if len(images) > 1 else None,
    )


def _image_keys(arrays: dict[str, npt.NDArray[Any]], source: Source) -> list[str]:
    """The one array of images, or those for training and testing."""
    if source.key is not None:
        check_choice(f"array in {source.place}", source.key, arrays)
        return [source.key]
    keys = [key for key, array in arrays.items() if array.ndim in (3, 4) and array.dtype.kind not in "US"]
    if pair := train_and_test(keys):
        return pair
    if len(keys) == 1:
        return keys
    held = ", ".join(f"{key} {array.shape}" for key, array in arrays.items()) or "nothing"
    raise DataError(f"{source.place} must hold one array of images or one table, got {held}; name it with ?key=")


def _say_left_out(
    arrays: Mapping[str, npt.NDArray[Any]],
    names: Sequence[str],
    used: Sequence[str],
    source: Source,
    say: Callable[[str], None],
) -> None:
    """Name the arrays of an `.npz` that are not used, and why those are not that are called as labels are."""
    if not names or source.key is not None:
        return

    def describe(name: str) -> str:
        if name not in arrays:
            return f"{name} of Python objects, which are never loaded"
        reason = ", which is not one class per image" if is_label_name(name) else ""
        return f"{name} {arrays[name].shape}{reason}"

    say(f"took {' and '.join(used)} of {source.place}, and left out {', '.join(map(describe, names))}")
