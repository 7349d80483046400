"""Image files as sources: in folders and archives, with splits of their own or without, or packed in an `.npz`."""

__all__ = ["splits_by_folder", "undecoded_files", "undecoded_packed"]

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from copyist.data.cache import cache_folder
from copyist.data.parts import digest, hold_out
from copyist.data.undecoded import Undecoded
from copyist.errors import DataError, OutputError
from copyist.files.array_files import join_labels
from copyist.files.bulk import Progress, map_in_order, reason_of
from copyist.files.decoded import ImageHeader, PixelType
from copyist.files.decoding import DECODER, decode_image, read_header, read_headers
from copyist.files.folders import ImageFile
from copyist.files.picture import name_of_several
from copyist.outputs import write_text

_WIDTHS: tuple[PixelType, ...] = ("uint8", "uint16", "float32")


def undecoded_files(
    files: Sequence[ImageFile],
    *,
    place: str,
    is_test: Sequence[bool] | None = None,
    labels: npt.NDArray[np.int64] | None = None,
    all_pages: bool = False,
    progress: Progress | None = None,
) -> Undecoded:
    """Image files, after one look into each; without `is_test`, their content decides which are held out.

    Args:
        files: the files.
        place: where they are, for sentences.
        is_test: of each file.
        labels: (N,), of each file.
        all_pages: whether each page of a stack is an image; those of one file are on one side of the split, unless it
            is the only file.
        progress: called with the number of files done, and of all.

    Raises:
        DataError: there is none that can be read.
    """
    found = _read_headers(files, place, progress, all_pages=all_pages)
    failures = tuple(f"{file.name} ({head})" for file, head in zip(files, found, strict=True) if isinstance(head, str))
    good = [(row, *heads) for row, heads in enumerate(found) if not isinstance(heads, str)]
    if not good:
        what = f"among {len(files)} none that can be read, such as {failures[0]}" if files else "none"
        raise DataError(f"{place} must hold images at least one of which can be read, and there is {what}")
    pages = [_Page(row, index, len(heads), name, head) for row, name, heads in good for index, head in enumerate(heads)]
    pixel_type = max((page.head.pixel_type for page in pages), key=_WIDTHS.index)
    rows, digests = [page.row for page in pages], [page.digest for page in pages]
    whole = [page.file_digest for page in pages]
    return Undecoded(
        names=[page.name(files[page.row].name) for page in pages],
        digests=digests,
        sizes=[page.head.size for page in pages],
        channels=max(page.head.channels for page in pages),
        dtype=np.dtype(pixel_type),
        is_test=hold_out(whole if len(set(whole)) > 1 else digests) if is_test is None else np.array(is_test)[rows],
        labels=None if labels is None else labels[rows],
        decode=lambda index: _decode(files[rows[index]], pages[index], pixel_type, all_pages=all_pages),
        failures=failures,
        notices=_notices((files[row].name, heads[0]) for row, _, heads in good),
    )


@dataclass(frozen=True)
class _Page:
    """One picture of a file."""

    row: int
    index: int
    count: int
    file_digest: str
    head: ImageHeader

    @property
    def digest(self) -> str:
        """Of its content: that of the file, and which page of several it is."""
        return self.file_digest if self.count == 1 else digest(f"{self.file_digest}#{self.index}".encode())

    def name(self, file: str) -> str:
        return file if self.count == 1 else f"{file}#{self.index}"


def _notices(heads: Iterable[tuple[str, ImageHeader]]) -> tuple[str, ...]:
    """What a model sees of files in another way than they are stored: a sentence for each kind, with their number."""
    names: dict[str, list[str]] = {}
    for name, head in heads:
        for notice in head.notices:
            names.setdefault(notice, []).append(name)
    return tuple(f"{name_of_several(those)}: {notice}" for notice, those in names.items())


def splits_by_folder(
    files: Sequence[ImageFile], *, place: str, say: Callable[[str], None]
) -> tuple[Sequence[ImageFile], Sequence[bool] | None]:
    """The splits that a source already has: folders `train/` and `test/` (or `val/`) side by side.

    Args:
        files: all files, by name.
        place: their folder or archive, for the notice.
        say: takes a notice of files that lie beside those folders, and are left out.

    Returns:
        The files that belong to a split, and whether each is for testing; all files and None where there are no splits.
    """
    root = _common_folder([file.name for file in files])
    tops = [file.name[len(root) :].partition("/") for file in files]
    folders = {top for top, slash, _ in tops if slash}
    held_out = next((name for name in ("test", "val") if name in folders), None)
    if "train" not in folders or held_out is None:
        return files, None
    rows = [row for row, (top, slash, _) in enumerate(tops) if slash and top in ("train", held_out)]
    if len(rows) < len(files):
        left = len(files) - len(rows)
        say(f"took train/ and {held_out}/ of {place} as its splits, and left out {left} files beside them")
    return [files[row] for row in rows], [tops[row][0] != "train" for row in rows]


def undecoded_packed(
    arrays: dict[str, npt.NDArray[Any]], *, place: str, progress: Progress | None = None
) -> Undecoded | None:
    """Files packed in arrays `data` and `offsets`, or `train_data` and so on; None where there are none.

    Raises:
        DataError: the offsets or labels do not fit the data, or no file can be read.
    """
    if {"data", "offsets"} <= arrays.keys():
        files, labels = _unpack(arrays, "", place)
        return undecoded_files(files, place=place, labels=labels, progress=progress)
    if {"train_data", "train_offsets", "test_data", "test_offsets"} <= arrays.keys():
        (train, of_train), (test, of_test) = (_unpack(arrays, split, place) for split in ("train", "test"))
        is_test = [False] * len(train) + [True] * len(test)
        labels = join_labels([of_train, of_test])
        return undecoded_files([*train, *test], place=place, is_test=is_test, labels=labels, progress=progress)
    return None


def _unpack(
    arrays: dict[str, npt.NDArray[Any]], split: str, place: str
) -> tuple[list[ImageFile], npt.NDArray[np.int64] | None]:
    prefix = f"{split}_" if split else ""
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
    files = [ImageFile(name=f"{folder}{index:06d}", read=reader(index)) for index in range(len(ends) - 1)]
    return files, None if labels is None else labels.astype(np.int64)


def _read_headers(
    files: Sequence[ImageFile], place: str, progress: Progress | None, *, all_pages: bool
) -> list[tuple[str, Sequence[ImageHeader]] | str]:
    """Digest of each file and the headers of its pictures, or why it cannot be read.

    They are remembered for files that have not changed, but for those of pages.
    """
    manifest = _manifest(place)
    remembered: dict[str, list[Any]] = {}
    with contextlib.suppress(OSError, ValueError):
        remembered = {} if all_pages else json.loads(manifest.read_text())

    def read(index: int) -> tuple[str, Sequence[ImageHeader]] | str:
        file = files[index]
        entry = remembered.get(file.name)
        if entry is not None and file.version is not None and tuple(entry[0]) == file.version:
            size, channels, pixel_type, pages, notices = (entry[2], entry[3]), *entry[4:]
            head = ImageHeader(size=size, channels=channels, pixel_type=pixel_type, pages=pages, notices=tuple(notices))
            return entry[1], (head,)
        try:
            data = file.read()
            return digest(data), read_headers(data) if all_pages else (read_header(data),)
        except (OSError, DataError) as error:
            return reason_of(error)

    headers = list(map_in_order(read, len(files), progress=progress))
    entries = {
        file.name: [file.version, head[0], *head[1][0].size, *_entry(head[1][0])]
        for file, head in zip(files, headers, strict=True)
        if file.version is not None and not isinstance(head, str)
    }
    if entries and not all_pages and json.loads(json.dumps(entries)) != remembered:
        with contextlib.suppress(OutputError):  # It only saves time.
            write_text(manifest, json.dumps(entries))
    return headers


def _entry(head: ImageHeader) -> list[Any]:
    return [head.channels, head.pixel_type, head.pages, list(head.notices)]


def _manifest(place: str) -> Path:
    """Where the digests and headers of a folder's files are remembered."""
    return cache_folder() / "manifests" / f"{digest(f'{DECODER} {Path(place).resolve()}'.encode())}.json"


def _decode(file: ImageFile, page: _Page, pixel_type: PixelType, *, all_pages: bool) -> npt.NDArray[Any] | str:
    """The pixels (H, W, C) of one picture without alpha, in the type of all, or why it cannot be read."""
    try:
        image = decode_image(file.read(), index=page.index if all_pages else None)
    except (OSError, DataError) as error:
        return reason_of(error)
    height, width, channels = image.pixels.shape
    if ((height, width), channels) != (page.head.size, page.head.channels):
        return "its pixels are not what its header says"
    return image.levels(pixel_type)


def _common_folder(names: Sequence[str]) -> str:
    """The folders all names begin with, which an archive often wraps around its content."""
    parents = [name.rpartition("/")[0] for name in names]
    common = os.path.commonpath(parents) if parents and all(parents) else ""
    while common and PurePosixPath(common).name in ("train", "test", "val"):
        common = str(PurePosixPath(common).parent)
    return f"{common}/" if common not in ("", ".") else ""
