"""Examples before they are decoded: what every kind of source is first turned into."""

__all__ = ["Items", "items_of_array", "items_of_files"]

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from copyist.data.cache import Progress, cache_folder, map_items
from copyist.data.files import File
from copyist.data.splitting import digest, held_out
from copyist.errors import DataError, OutputError
from copyist.files.decoding import ImageHeader, decoded, header
from copyist.outputs import write_text


@dataclass(frozen=True, kw_only=True, eq=False)
class Items:
    """Images of perhaps different sizes, each decoded when it is asked for."""

    names: Sequence[str]
    digests: Sequence[str]
    """Of each item's content as stored."""

    sizes: Sequence[tuple[int, int]]
    """(H, W) of each."""

    channels: int
    """Of all, once decoded."""

    dtype: np.dtype[Any]
    is_test: npt.NDArray[np.bool_]
    labels: npt.NDArray[np.int64] | None
    pixels: Callable[[int], npt.NDArray[Any] | str]
    """Item to (H, W, C), or to the reason why it cannot be read."""

    failures: tuple[str, ...] = ()
    """What was left out already, as `name (reason)`."""

    def __len__(self) -> int:
        return len(self.names)


def items_of_array(
    array: npt.NDArray[Any],
    *,
    place: str,
    names: Sequence[str] | None = None,
    labels: npt.NDArray[np.int64] | None = None,
    is_test: npt.NDArray[np.bool_] | None = None,
) -> Items:
    """Rows (N, C, H, W) as items; without `is_test`, their content decides.

    Raises:
        DataError: the values are none that an image can have.
    """
    if 0 in array.shape:
        raise DataError(f"{place} must hold at least one image, got an array of shape {array.shape}")
    counted = array.dtype.name in ("uint8", "uint16")
    if not counted and array.dtype.kind not in "fb":
        raise DataError(f"{place} must hold uint8, uint16 or float values, got {array.dtype}; convert it first")
    dtype = np.dtype(array.dtype.name if counted else np.float32)
    digests = [digest(np.ascontiguousarray(row).tobytes()) for row in array]

    def pixels(index: int) -> npt.NDArray[Any]:
        row = np.moveaxis(np.asarray(array[index]), 0, 2)  # (H, W, C)
        if array.dtype.kind == "f":
            _check_floats(row, place, index)
        return row.astype(dtype)

    return Items(
        names=names if names is not None else [f"{index:06d}" for index in range(len(array))],
        digests=digests,
        sizes=[(array.shape[2], array.shape[3])] * len(array),
        channels=array.shape[1],
        dtype=dtype,
        is_test=held_out(digests) if is_test is None else is_test,
        labels=labels,
        pixels=pixels,
    )


def items_of_files(files: Sequence[File], *, place: str, progress: Progress | None = None) -> Items:
    """Image files as items, after one look into each.

    Raises:
        DataError: there is none that can be read.
    """
    looks = _looked_into(files, place, progress)
    failures = tuple(f"{file.name} ({look})" for file, look in zip(files, looks, strict=True) if isinstance(look, str))
    good = [(file, look) for file, look in zip(files, looks, strict=True) if not isinstance(look, str)]
    if not good:
        what = f"among {len(files)} none that can be read, such as {failures[0]}" if files else "none"
        raise DataError(f"{place} must hold images at least one of which can be read, and there is {what}")
    chosen = [file for file, _ in good]
    digests = [name for _, (name, _) in good]
    headers = [head for _, (_, head) in good]
    wide = any(head.depth == 16 for head in headers)
    by_hand = any(file.split for file in chosen)
    return Items(
        names=[file.name for file in chosen],
        digests=digests,
        sizes=[head.size for head in headers],
        channels=max(head.channels for head in headers),
        dtype=np.dtype(np.uint16 if wide else np.uint8),
        is_test=np.array([file.split == "test" for file in chosen]) if by_hand else held_out(digests),
        labels=_labels(chosen),
        pixels=lambda index: _pixels(chosen[index], headers[index], wide=wide),
        failures=failures,
    )


def _check_floats(row: npt.NDArray[Any], place: str, index: int) -> None:
    if not np.isfinite(row).all():
        where = tuple(int(axis) for axis in np.argwhere(~np.isfinite(row))[0])
        raise DataError(f"{place} must hold finite values, got {row[where]} in image {index}; replace or drop it")
    low, high = float(row.min()), float(row.max())
    if low < 0 or high > 1:
        raise DataError(
            f"floats in {place} must lie in [0, 1], got [{low:g}, {high:g}] in image {index}; scale them, "
            "or save 8-bit values as uint8"
        )


def _pixels(file: File, head: ImageHeader, *, wide: bool) -> npt.NDArray[Any] | str:
    """A file's pixels (H, W, C) without alpha, or why it cannot be read; `wide` spreads 8 bits over 16."""
    try:
        image = decoded(file.read())
    except (OSError, DataError) as error:
        return _reason(error)
    height, width, channels = image.pixels.shape
    if ImageHeader(size=(height, width), channels=channels, depth=image.depth) != head:
        return "its pixels are not what its header says"
    # 255 of 255 must be 65535 of 65535.
    return image.pixels.astype(np.uint16) * np.uint16(257) if wide and image.depth < 16 else image.pixels


def _labels(files: Sequence[File]) -> npt.NDArray[np.int64] | None:
    labels = [file.label for file in files if file.label is not None]
    return np.array(labels, dtype=np.int64) if len(labels) == len(files) else None


def _looked_into(files: Sequence[File], place: str, progress: Progress | None) -> list[tuple[str, ImageHeader] | str]:
    """Digest and header of each file, or why it cannot be read; remembered for files that have not changed."""
    manifest = _manifest(place)
    known: dict[str, list[Any]] = {}
    with contextlib.suppress(OSError, ValueError):
        known = json.loads(manifest.read_text())

    def look(index: int) -> tuple[str, ImageHeader] | str:
        file = files[index]
        entry = known.get(file.name)
        if entry is not None and file.version is not None and tuple(entry[0]) == file.version:
            return entry[1], ImageHeader(size=(entry[2], entry[3]), channels=entry[4], depth=entry[5])
        try:
            data = file.read()
            return digest(data), header(data)
        except (OSError, DataError) as error:
            return _reason(error)

    looks = list(map_items(look, len(files), progress))
    found = {
        file.name: [file.version, look[0], *look[1].size, look[1].channels, look[1].depth]
        for file, look in zip(files, looks, strict=True)
        if file.version is not None and not isinstance(look, str)
    }
    if found and json.loads(json.dumps(found)) != known:
        with contextlib.suppress(OutputError):  # It only saves time.
            write_text(manifest, json.dumps(found))
    return looks


def _manifest(place: str) -> Path:
    """Where the digests and headers of a folder's files are remembered."""
    return cache_folder() / "manifests" / f"{digest(str(Path(place).resolve()).encode())}.json"


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
