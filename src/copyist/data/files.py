"""Image files wherever they lie: in a folder, in a `.zip` or packed in an `.npz`; found and named, not yet decoded."""

__all__ = ["File", "files_in_folder", "files_in_zip", "packed_files"]

import os
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from copyist.errors import DataError
from copyist.files.decoding import SUFFIXES

LARGEST_FILE = 2**29
"""Bytes; a member of an archive that inflates to more is refused."""


@dataclass(frozen=True, kw_only=True, eq=False)
class File:
    """One image file."""

    name: str
    """Its path below the folder or archive, with `/`."""

    read: Callable[[], bytes]
    """Raises OSError or DataError where it cannot be read."""

    version: tuple[int, ...] | None = None
    """Changes when the file does: its size and time of change; None where that is not known."""

    split: Literal["train", "test"] | None = None
    """The split it was put in by hand."""

    label: int | None = None


def files_in_folder(folder: Path, *, say: Callable[[str], None], splits: bool = True) -> list[File]:
    """Image files of a folder at any depth, by name; hidden ones are passed over, `splits` looks for `train/`."""
    found: list[File] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not _is_hidden(name)]
        for name in names:
            path = Path(parent) / name
            if path.suffix.lower() in SUFFIXES and not _is_hidden(name):
                version = _version(path)
                found.append(File(name=path.relative_to(folder).as_posix(), read=path.read_bytes, version=version))
    found.sort(key=lambda file: file.name)
    return _with_splits(found, str(folder), say) if splits else found


def files_in_zip(path: Path, *, say: Callable[[str], None], splits: bool = True) -> list[File]:
    """Image files of an archive, by name.

    Raises:
        DataError: it is no such archive, or damaged.
    """
    try:
        archive = zipfile.ZipFile(path)
        members = archive.infolist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise DataError(f"{path} must be a zip archive, and is not, or is damaged") from error

    def reader(member: zipfile.ZipInfo) -> Callable[[], bytes]:
        return lambda: _member(archive, member)

    found: list[File] = []
    for member in members:
        name = PurePosixPath(member.filename)
        if member.is_dir() or name.suffix.lower() not in SUFFIXES or any(_is_hidden(part) for part in name.parts):
            continue
        version = (member.file_size, member.CRC, path.stat().st_mtime_ns)
        found.append(File(name=str(name), read=reader(member), version=version))
    found.sort(key=lambda file: file.name)
    return _with_splits(found, str(path), say) if splits else found


def packed_files(arrays: dict[str, npt.NDArray[Any]], *, place: str) -> list[File] | None:
    """Files packed in arrays `data` and `offsets`, or `train_data` and so on; None where there are none.

    Raises:
        DataError: the offsets or labels do not fit the data.
    """
    if {"data", "offsets"} <= arrays.keys():
        return _unpacked(arrays, "", None, place)
    if {"train_data", "train_offsets", "test_data", "test_offsets"} <= arrays.keys():
        return [*_unpacked(arrays, "train_", "train", place), *_unpacked(arrays, "test_", "test", place)]
    return None


def _unpacked(
    arrays: dict[str, npt.NDArray[Any]], prefix: str, split: Literal["train", "test"] | None, place: str
) -> list[File]:
    data, offsets = arrays[f"{prefix}data"], arrays[f"{prefix}offsets"]
    labels = arrays.get(f"{prefix}labels")
    if data.dtype != np.uint8 or data.ndim != 1 or offsets.ndim != 1 or offsets.dtype.kind not in "iu":
        raise DataError(f"{place} must pack files as uint8 data and whole-number offsets, and does not")
    ends = offsets.astype(np.int64)
    if len(ends) < 2 or ends[0] < 0 or ends[-1] > len(data) or (np.diff(ends) < 0).any():
        raise DataError(f"{place} must have ascending offsets that lie inside its data, and has not")
    if labels is not None and len(labels) != len(ends) - 1:
        raise DataError(f"{place} must have one label per packed file, got {len(labels)} for {len(ends) - 1}")

    def reader(index: int) -> Callable[[], bytes]:
        return data[ends[index] : ends[index + 1]].tobytes

    folder = f"{split}/" if split else ""
    return [
        File(
            name=f"{folder}{index:06d}",
            read=reader(index),
            split=split,
            label=None if labels is None else int(labels[index]),
        )
        for index in range(len(ends) - 1)
    ]


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    if member.file_size > LARGEST_FILE:
        raise DataError(f"inflates to {member.file_size} bytes")
    try:
        with archive.open(member) as file:
            data = file.read(LARGEST_FILE + 1)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError) as error:
        raise DataError(str(error).partition("\n")[0].lower() or "damaged") from error
    if len(data) > LARGEST_FILE:
        raise DataError("inflates to more bytes than it says")
    return data


def _version(path: Path) -> tuple[int, int] | None:
    """Size and time of change; None for a link to nowhere, which is reported once it is read."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns


def _is_hidden(name: str) -> bool:
    return (name.startswith(".") and name != "..") or name == "__MACOSX"


def _with_splits(files: Sequence[File], place: str, say: Callable[[str], None]) -> list[File]:
    """Files by name; where `train/` stands beside `test/` or `val/`, these are the splits and the rest is left out."""
    root = _common_folder([file.name for file in files])
    tops = [file.name[len(root) :].partition("/") for file in files]
    folders = {top for top, slash, _ in tops if slash}
    held_out = next((name for name in ("test", "val") if name in folders), None)
    if "train" not in folders or held_out is None:
        return list(files)
    chosen: list[File] = []
    for file, (top, slash, _) in zip(files, tops, strict=True):
        if slash and top in ("train", held_out):
            split: Literal["train", "test"] = "train" if top == "train" else "test"
            chosen.append(File(name=file.name, read=file.read, version=file.version, split=split))
    if len(chosen) < len(files):
        left = len(files) - len(chosen)
        say(f"took train/ and {held_out}/ of {place} as its splits, and left out {left} files beside them")
    return chosen


def _common_folder(names: Sequence[str]) -> str:
    """The folders all names begin with, which an archive often wraps around its content."""
    parents = [name.rpartition("/")[0] for name in names]
    common = os.path.commonpath(parents) if parents and all(parents) else ""
    while common and PurePosixPath(common).name in ("train", "test", "val"):
        common = str(PurePosixPath(common).parent)
    return f"{common}/" if common not in ("", ".") else ""
