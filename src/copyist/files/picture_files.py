"""Files of pictures, read one after the other: each is decoded just before it is used."""

__all__ = ["PictureFile", "check_output_names", "stream_pictures"]

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import final

from copyist.errors import ArgumentError, DataError
from copyist.files.bulk import ignore, map_in_order, reason_of, report_unreadable
from copyist.files.decoded import DecodedImage
from copyist.files.decoding import decode_image, decode_pages
from copyist.files.image_arrays import ImageArray
from copyist.files.picture import Picture, name_of_several, safe_name
from copyist.files.picture_stacks import PictureStack


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


def stream_pictures(files: Sequence[PictureFile], *, say: Callable[[str], None] | None = None) -> Iterator[Picture]:
    """Yield the pictures of files in their order; only those just ahead are in memory, decoded in threads.

    What was left out, and what could not be kept of which pictures, is said after the last.

    Args:
        files: what to read.
        say: takes notices, each one sentence.

    Raises:
        DataError: a file that is alone cannot be read; or, after the last, more than 1 % of all.
    """
    say = say or ignore
    failures: list[str] = []
    noticed: dict[str, list[str]] = {}
    for file, pictures in zip(files, map_in_order(lambda index: _read(files[index]), len(files), chunk=1), strict=True):
        if isinstance(pictures, str):
            failures.append(f"{file.name} ({pictures})")
            continue
        for picture in pictures:
            for notice in picture.stored.notices if picture.stored else ():
                noticed.setdefault(notice, []).append(picture.name)
            yield picture
    report_unreadable(failures, len(files), noun="pictures", say=say)
    for notice, names in noticed.items():
        say(f"{name_of_several(names)}: {notice}")


def check_output_names(names: Sequence[str]) -> None:
    """Refuse names under which pictures cannot all be written into one folder.

    Raises:
        ArgumentError: two are equal.
        DataError: one leads out of the folder.
    """
    seen: set[str] = set()
    for name in names:
        safe_name(name)
        if name in seen:
            raise ArgumentError(f"two inputs would be written to {name}; rename one, or write them to two folders")
        seen.add(name)


def _read(file: PictureFile) -> list[Picture] | str:
    """The pictures of one file, or why it cannot be read."""
    try:
        content = file.load()
        if isinstance(content, ImageArray):
            return _rows_of(content)
        images = [content] if isinstance(content, DecodedImage) else _decoded(content, all_pages=file.all_pages)
        if file.channels is not None:
            images = [image.with_channels(file.channels, name=file.name) for image in images]
    except (OSError, DataError) as error:
        reason = reason_of(error)
        if not file.is_alone:
            return reason
        if reason.partition(" ")[0].endswith(file.name):
            raise  # It says so itself.
        raise DataError(f"{file.name} cannot be read ({reason}); check the file") from error
    if len(images) == 1:
        return [Picture(name=file.name, pixels=images[0].floats(), stored=images[0])]
    stack = PictureStack(file.name, images)
    return [
        Picture(name=f"{file.name}#{index}", pixels=image.floats(), stored=image, page=(stack, index))
        for index, image in enumerate(images)
    ]


def _decoded(content: bytes, *, all_pages: bool) -> list[DecodedImage]:
    return decode_pages(content) if all_pages else [decode_image(content)]


def _rows_of(array: ImageArray) -> list[Picture]:
    count = len(array.rows)
    names = [array.name if count == 1 else f"{array.name}#{index}" for index in range(count)]
    return [Picture(name=name, pixels=array.pixels(index), row=(array, index)) for index, name in enumerate(names)]
