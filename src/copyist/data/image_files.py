"""Image files as sources: in folders and archives, with splits of their own or without, or packed in an `.npz`."""

__all__ = ["undecoded_files", "undecoded_listing", "undecoded_packed", "undecoded_tars"]

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from copyist.data.labels import ClassLabels
from copyist.data.parts import digest
from copyist.data.undecoded import Undecoded
from copyist.errors import DataError
from copyist.files.array_files import join_labels
from copyist.files.bulk import Progress, map_in_order, reason_of
from copyist.files.decoded import ImageHeader, PixelType
from copyist.files.decoding import decode_image, read_header, read_headers
from copyist.files.folders import ImageFile, Listing
from copyist.files.formats import SUFFIXES
from copyist.files.picture import name_of_several
from copyist.files.split_names import InSplit, classes_by_folder, folder_role, parts_by_folder
from copyist.files.tars import classes_in, is_beside, list_tars

_WIDTHS: tuple[PixelType, ...] = ("uint8", "uint16", "float32")


def undecoded_files(
    files: Sequence[ImageFile],
    *,
    place: str,
    is_test: Sequence[bool] | None = None,
    labels: ClassLabels | None = None,
    all_pages: bool = False,
    progress: Progress | None = None,
) -> Undecoded:
    """Image files, after one look into each; without `is_test`, their content will decide which are held out.

    Args:
        files: the files.
        place: where they are, for sentences.
        is_test: of each file.
        labels: of each file.
        all_pages: whether each page of a stack is an image; those of one file are on one side of the split, unless it
            is the only file.
        progress: called with the number of files done, and of all.

    Raises:
        DataError: there is none that can be read.
    """
    found = _read_headers(files, progress, all_pages=all_pages)
    failures = tuple(f"{file.name} ({head})" for file, head in zip(files, found, strict=True) if isinstance(head, str))
    good = [(row, *heads) for row, heads in enumerate(found) if not isinstance(heads, str)]
    if not good:
        if not files:
            raise DataError(f"{place} must hold images, got none; add some, or name another place")
        raise DataError(
            f"{place} must hold images that can be read, got none among {len(files)}, such as {failures[0]}; check "
            "the files"
        )
    pages = [_Page(row, index, len(heads), name, head) for row, name, heads in good for index, head in enumerate(heads)]
    pixel_type = _WIDTHS[max(_WIDTHS.index(page.head.pixel_type) for page in pages)]
    rows = [page.row for page in pages]
    whole = [page.file_digest for page in pages]
    return Undecoded(
        names=[page.name(files[page.row].name) for page in pages],
        digests=[page.digest for page in pages],
        belongs_to=whole if len(set(whole)) > 1 else None,
        sizes=[page.head.size for page in pages],
        channels=max(page.head.channels for page in pages),
        dtype=np.dtype(pixel_type),
        is_test=None if is_test is None else np.array(is_test)[rows],
        labels=None if labels is None else replace(labels, numbers=labels.numbers[rows]),
        decode=lambda index: _decode(files[rows[index]], pages[index], pixel_type, all_pages=all_pages),
        failures=failures,
        notices=_notices(_seen_in_training((files[row].name, heads[0]) for row, _, heads in good)),
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


def _seen_in_training(heads: Iterable[tuple[str, ImageHeader]]) -> list[tuple[str, ImageHeader]]:
    """The headers, with a notice of gray pictures among those in color."""
    listed = list(heads)
    if {head.channels for _, head in listed} != {1, 3}:
        return listed
    gray = "gray becomes color, by three equal channels"
    return [
        (name, replace(head, notices=(*head.notices, gray)) if head.channels == 1 else head) for name, head in listed
    ]


def _notices(heads: Iterable[tuple[str, ImageHeader]]) -> tuple[str, ...]:
    """What a model sees of files in another way than they are stored: a sentence for each kind, with their number."""
    names: dict[str, list[str]] = {}
    for name, head in heads:
        for notice in head.notices:
            names.setdefault(notice, []).append(name)
    return tuple(f"{name_of_several(those)}: {notice}" for notice, those in names.items())


def undecoded_listing(
    listing: Listing, *, say: Callable[[str], None], all_pages: bool = False, progress: Progress | None = None
) -> Undecoded:
    """The images of a folder or archive, with the splits and classes that the names of its folders state.

    Splits are folders such as `train/` and `test/` (or `valid/`) side by side. Where each image lies in a folder, below
    that of its split, such folders name its class.

    Args:
        listing: of all files.
        say: takes notices of what is left out.
        all_pages: as for `undecoded_files`.
        progress: called with the number of files done, and of all.

    Raises:
        DataError: there is no image that can be read.
    """
    listing.say_left_out(SUFFIXES, say, noun="image")
    files = listing.files(SUFFIXES)
    if not files:
        beside = listing.left_out(SUFFIXES)
        raise DataError(
            f"{listing.place} must hold images that can be read, got none"
            f"{f' among {beside}' if beside else ''}; check the {'folder' if listing.is_folder else 'archive'}"
        )
    parts = parts_by_folder([file.name for file in files])
    if parts is None:
        _say_lone_splits([file.name for file in files], listing.place, say)
        labels = _folder_classes([file.name for file in files], listing.place)
        return undecoded_files(files, place=listing.place, labels=labels, all_pages=all_pages, progress=progress)
    _say_splits(parts, listing.place, say)
    taken = [(file, part) for file, part in zip(files, parts, strict=True) if part is not None and part.is_taken]
    return undecoded_files(
        [file for file, _ in taken],
        place=listing.place,
        is_test=[part.role != "train" for _, part in taken],
        labels=_folder_classes([part.name for _, part in taken], listing.place),
        all_pages=all_pages,
        progress=progress,
    )


def undecoded_tars(place: str, *, say: Callable[[str], None], progress: Progress | None = None) -> Undecoded:
    """The images of tars as WebDataset has them, with the classes that stand beside them.

    Raises:
        DataError: a tar is missing or damaged, or there is no image that can be read.
    """
    listing = list_tars(place)
    files = listing.files(SUFFIXES)
    classes = classes_in(listing, files)
    images = replace(listing, members={name: read for name, read in listing.members.items() if not is_beside(name)})
    if classes is None or not files:
        return undecoded_listing(images, say=say, progress=progress)
    images.say_left_out(SUFFIXES, say, noun="image")
    numbered = all(name.isdecimal() for name in classes)
    values = np.array([int(name) for name in classes]) if numbered else np.array(classes)
    labels = ClassLabels.of(values, what=f"classes of {place}")
    return undecoded_files(files, place=place, labels=labels, progress=progress)


def _folder_classes(names: Sequence[str], place: str) -> ClassLabels | None:
    classes = classes_by_folder(names)
    return None if classes is None else ClassLabels.of(np.array(classes), what=f"folders of {place}")


def _say_lone_splits(names: Sequence[str], place: str, say: Callable[[str], None]) -> None:
    """Say which folders are called like splits, where they make none."""
    called = sorted({name.partition("/")[0] for name in names if "/" in name and folder_role(name.partition("/")[0])})
    if called:
        say(
            f"{place} has {' and '.join(f'{name}/' for name in called)} but not one folder to train on and one to test "
            "on, such as train/ and test/: all images are taken together, and a part of them is held out"
            f"{'' if classes_by_folder(names) else '; no folder is taken for a class'}"
        )


def _say_splits(parts: Sequence[InSplit | None], place: str, say: Callable[[str], None]) -> None:
    """Say which folders are the splits, where other files lie beside them and are left out."""
    left = [part for part in parts if part is None or not part.is_taken]
    if not left:
        return
    taken: dict[str, list[str]] = {"train": [], "held out": []}
    for part in parts:
        if part is not None and part.is_taken:
            taken["train" if part.role == "train" else "held out"].append(f"{part.folder}/")
    first, second = (", ".join(sorted(set(folders))) for folders in taken.values())
    others = Counter(f"{part.folder}/" for part in left if part is not None)
    among = ", ".join(f"{count} of them in {folder}" for folder, count in sorted(others.items()))
    files = f"{len(left)} file{'s' * (len(left) > 1)}"
    say(f"took {first} and {second} of {place} as its splits, and left out {files} beside them{among and f', {among}'}")


def undecoded_packed(
    arrays: dict[str, npt.NDArray[Any]], *, place: str, progress: Progress | None = None
) -> Undecoded | None:
    """Files packed in arrays `data` and `offsets`, or `train_data` and so on; None where there are none.

    Raises:
        DataError: the offsets or labels do not fit the data, or no file can be read.
    """
    if {"data", "offsets"} <= arrays.keys():
        files, labels = _unpack(arrays, "", place)
        return undecoded_files(files, place=place, labels=_classes(labels, place), progress=progress)
    if {"train_data", "train_offsets", "test_data", "test_offsets"} <= arrays.keys():
        (train, of_train), (test, of_test) = (_unpack(arrays, split, place) for split in ("train", "test"))
        is_test = [False] * len(train) + [True] * len(test)
        labels = _classes(join_labels([of_train, of_test]), place)
        return undecoded_files([*train, *test], place=place, is_test=is_test, labels=labels, progress=progress)
    return None


def _unpack(
    arrays: dict[str, npt.NDArray[Any]], split: str, place: str
) -> tuple[list[ImageFile], npt.NDArray[Any] | None]:
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
    return files, labels


def _classes(labels: npt.NDArray[Any] | None, place: str) -> ClassLabels | None:
    return None if labels is None else ClassLabels.of(labels, what=f"labels of {place}")


def _read_headers(
    files: Sequence[ImageFile], progress: Progress | None, *, all_pages: bool
) -> list[tuple[str, Sequence[ImageHeader]] | str]:
    """Digest of each file and the headers of its pictures, or of the first, or why it cannot be read."""

    def read(index: int) -> tuple[str, Sequence[ImageHeader]] | str:
        try:
            data = files[index].read()
            return digest(data), read_headers(data) if all_pages else (read_header(data),)
        except (OSError, DataError) as error:
            return reason_of(error)

    return list(map_in_order(read, len(files), progress=progress))


def _decode(file: ImageFile, page: _Page, pixel_type: PixelType, *, all_pages: bool) -> npt.NDArray[Any] | str:
    """The pixels (H, W, C) of one picture without alpha, in the type of all, or why it cannot be read."""
    try:
        data = file.read()
        if digest(data) != page.file_digest:
            return "it changed while it was read"
        image = decode_image(data, index=page.index if all_pages else None)
    except (OSError, DataError) as error:
        return reason_of(error)
    height, width, channels = image.pixels.shape
    if ((height, width), channels) != (page.head.size, page.head.channels):
        return "its pixels are not what its header says"
    return image.levels(pixel_type)
