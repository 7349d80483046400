"""Files of pictures, read one after the other: each is decoded just before it is used."""

__all__ = ["PictureFile", "PicturesOfFiles", "check_output_names"]

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import final

import torch

from copyist.errors import ArgumentError, DataError
from copyist.files.bulk import ignore, map_in_order, map_stream, reason_of, report_unreadable
from copyist.files.decoded import DecodedImage
from copyist.files.decoding import decode_image, read_header, read_headers
from copyist.files.image_arrays import ImageArray
from copyist.files.picture import Picture, name_of_several, safe_name
from copyist.files.picture_stacks import PictureStack
from copyist.outputs import check_name


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class PictureFile:
    """One file to be read, and later to be written: found and named, not yet decoded."""

    name: str
    """Where it will be written, below the output folder."""

    load: Callable[[], bytes | DecodedImage | ImageArray]
    """Gives an encoded file, an image without a file, or an array; raises OSError or DataError."""

    channels: int | None = None
    """The channels its pixels are converted to; None leaves them."""

    all_pages: bool = False
    """Whether each picture of a stack or a moving picture is read, or the first alone."""

    is_alone: bool = False
    """Whether the user named it, rather than a folder that holds it: it must then be readable."""


@final
class PicturesOfFiles:
    """The pictures of files, in their order: names and shapes are known from headers, pixels are read when asked for.

    What cannot be read, and what could not be kept of which pictures, is collected, and said by `report`. Where a page
    of a stack cannot be read, the whole stack counts as unreadable, since it cannot be written without it.
    """

    def __init__(
        self, files: Sequence[PictureFile], *, as_floats: bool = True, say: Callable[[str], None] | None = None
    ) -> None:
        """Look into each file, in threads.

        Args:
            files: what to read.
            as_floats: whether the pixels of files are read as models take them; else they are only as they are stored,
                in a fraction of the memory, and `pixels` has their shape alone.
            say: takes notices, each one sentence.

        Raises:
            DataError: a file that is alone cannot be read, or more than 1 % of all.
            ArgumentError: two pictures would be written to one name.
            OutputError: a name is too long to be written.
        """
        self._say = say or ignore
        self._failures: dict[int, str] = {}
        self._noticed: dict[str, list[str]] = {}
        self._seen: list[_Seen] = []
        for position, seen in enumerate(map_in_order(lambda index: _look(files[index], index, as_floats), len(files))):
            if isinstance(seen, str):
                self._failures[position] = f"{files[position].name} ({seen})"
            else:
                self._seen += seen
        self._file_names = [files[seen.position].name for seen in self._seen]
        self._total = len(self._seen) + len(self._failures)
        report_unreadable(self._failed(), self._total, noun="pictures", say=ignore)
        check_output_names(self.names)

    def __len__(self) -> int:
        return len(self._seen)

    @property
    def names(self) -> list[str]:
        """Where each will be written, below the output folder; rows of an array have their number after `#`."""
        return [seen.name for seen in self._seen]

    @property
    def file_names(self) -> list[str]:
        """Of the file that holds each: of all pages of a stack, or rows of an array, one."""
        return self._file_names

    @property
    def shapes(self) -> list[tuple[int, int, int]]:
        """(C, H, W) of each, upright."""
        return [seen.shape for seen in self._seen]

    def read(self, rows: Iterable[int] | None = None) -> Iterator[tuple[int, Picture]]:
        """Yield pictures with their numbers; only those just ahead are in memory, decoded in threads.

        Args:
            rows: which, in the order in which they are to come; None takes all.

        Raises:
            DataError: one whose file is alone cannot be read.
        """
        chosen = range(len(self)) if rows is None else rows

        def work(row: int) -> tuple[int, Picture | str]:
            return row, self._seen[row].read()

        stream = map_stream(work, chosen, size=lambda row: math.prod(self._seen[row].shape), ahead=True)
        with closing(stream):
            for row, picture in stream:
                if isinstance(picture, str):
                    self.record(row, failure=f"{self._seen[row].name} ({picture})")
                elif self.record(row, notices=picture.stored.notices if picture.stored else ()):
                    yield row, picture

    def record(self, row: int, *, failure: str | None = None, notices: Sequence[str] = ()) -> bool:
        """Collect what reading a picture found, in the order of reading: by `read`, or by another process.

        Args:
            row: its number.
            failure: its name and why it cannot be read, where it cannot.
            notices: what could not be kept of it.

        Returns:
            Whether it counts as read: no picture does that comes after one of its file which cannot be read.
        """
        position = self._seen[row].position
        if position in self._failures:
            return False
        if failure is not None:
            self._failures[position] = failure
            return False
        for notice in notices:
            self._noticed.setdefault(notice, []).append(self._seen[row].name)
        return True

    def failure(self, row: int) -> str | None:
        """Which picture of the file that holds a picture could not be read, and why; None where all could."""
        return self._failures.get(self._seen[row].position)

    def read_alone(self, row: int) -> Picture:
        """One picture, read where it is asked for, in no other thread.

        Raises:
            DataError: it cannot be read.
        """
        picture = self._seen[row].read()
        if isinstance(picture, str):
            raise DataError(f"{self._seen[row].name} cannot be read: {picture}")
        return picture

    def is_whole(self, row: int) -> bool:
        """Whether all that was read so far of the file that holds a picture could be read."""
        return self._seen[row].position not in self._failures

    def report(self) -> None:
        """Say what was left out and what could not be kept.

        Raises:
            DataError: more than 1 % of all could not be read.
        """
        report_unreadable(self._failed(), self._total, noun="pictures", say=self._say)
        for notice, names in self._noticed.items():
            self._say(f"{name_of_several(names)}: {notice}")

    def _failed(self) -> list[str]:
        """Each picture that is left out: beside a page that cannot be read, also the other pages of its file."""
        pages = Counter(seen.position for seen in self._seen)
        failed: list[str] = []
        for position, reason in sorted(self._failures.items()):
            failed += [reason, *[f"a page beside {reason}"] * (pages[position] - 1)]
        return failed


def check_output_names(names: Sequence[str]) -> None:
    """Refuse names under which pictures cannot all be written into one folder.

    Raises:
        ArgumentError: two are equal.
        DataError: one leads out of the folder.
        OutputError: one is too long to be written.
    """
    seen: set[str] = set()
    for name in names:
        safe_name(name)
        check_name(name)
        if name in seen:
            raise ArgumentError(f"two inputs would be written to {name}; rename one, or write them to two folders")
        seen.add(name)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _Seen:
    """One picture, seen by its header."""

    name: str
    shape: tuple[int, int, int]
    position: int
    """Of its file among all."""

    read: Callable[[], Picture | str]
    """Gives the picture, or why it cannot be read."""


def _look(file: PictureFile, position: int, as_floats: bool) -> list[_Seen] | str:
    """The pictures of one file, or why it cannot be read."""
    try:
        content = file.load()
        if isinstance(content, ImageArray):
            content.check_finite()
            return _rows_of(content, position)
        return _pages_of(file, content, position, as_floats)
    except (OSError, DataError) as error:
        return _reason(file, error)


def _rows_of(array: ImageArray, position: int) -> list[_Seen]:
    count = len(array.rows)
    names = [array.name if count == 1 else f"{array.name}#{index}" for index in range(count)]
    _, channels, height, width = array.rows.shape

    def reader(index: int, name: str) -> Callable[[], Picture]:
        return lambda: Picture(name=name, pixels=array.pixels(index), row=(array, index))

    shape = (channels, height, width)
    return [
        _Seen(name=name, shape=shape, position=position, read=reader(index, name)) for index, name in enumerate(names)
    ]


def _pages_of(file: PictureFile, content: bytes | DecodedImage, position: int, as_floats: bool) -> list[_Seen]:
    """The picture of a file, or each of its pages where they are asked for."""
    if isinstance(content, DecodedImage):
        height, width, channels = content.pixels.shape
        found = [(channels, height, width)]
    else:
        heads = read_headers(content) if file.all_pages else [read_header(content)]
        found = [(head.channels, *head.size) for head in heads]
    shapes = [(file.channels or channels, height, width) for channels, height, width in found]
    if len(shapes) == 1:
        return [
            _Seen(name=file.name, shape=shapes[0], position=position, read=lambda: _decode(file, shapes[0], as_floats))
        ]
    stack = PictureStack(file.name, count=len(shapes))

    def reader(index: int, shape: tuple[int, int, int]) -> Callable[[], Picture | str]:
        return lambda: _decode(file, shape, as_floats, page=(stack, index))

    return [
        _Seen(name=f"{file.name}#{index}", shape=shape, position=position, read=reader(index, shape))
        for index, shape in enumerate(shapes)
    ]


def _decode(
    file: PictureFile, shape: tuple[int, int, int], as_floats: bool, *, page: tuple[PictureStack, int] | None = None
) -> Picture | str:
    """The picture of a file, or of a page, whose header promised this shape; or why it cannot be read."""
    name, index = (file.name, None) if page is None else (f"{file.name}#{page[1]}", page[1])
    try:
        content = file.load()
        assert not isinstance(content, ImageArray)
        stored = decode_image(content, index=index) if isinstance(content, bytes) else content
        if file.channels is not None:
            stored = stored.with_channels(file.channels, name=file.name)
        height, width, channels = stored.pixels.shape
        pixels = stored.floats() if as_floats else torch.zeros(1).expand(channels, height, width)
        if pixels.shape != shape:
            raise DataError("its pixels are not what its header says")
    except (OSError, DataError) as error:
        return _reason(file, error)
    return Picture(name=name, pixels=pixels, stored=stored, page=page)


def _reason(file: PictureFile, error: Exception) -> str:
    """Why a file cannot be read.

    Raises:
        DataError: it is alone, so that it must be.
    """
    reason = reason_of(error)
    if not file.is_alone:
        return reason
    if reason.partition(" ")[0].endswith(file.name):
        raise error  # It says so itself.
    if "; " in reason:  # It names the remedy itself.
        raise DataError(f"{file.name} cannot be read: {reason}") from error
    raise DataError(f"{file.name} cannot be read ({reason}); check the file") from error
