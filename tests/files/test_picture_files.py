"""Pictures come one after the other: what lies far ahead is not read yet, and what is over is not kept."""

import gc
import io
import weakref
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import tifffile

from copyist.errors import ArgumentError, DataError
from copyist.files.bulk import MOST_WAITING
from copyist.files.decoded import DecodedImage
from copyist.files.picture import Picture, write_picture
from copyist.files.picture_files import PictureFile, PicturesOfFiles, check_output_names


def picture_file(index: int, loaded: list[int], *, notices: tuple[str, ...] = ()) -> PictureFile:
    pixels = np.full((2, 3, 1), index % 256, np.uint8)

    def load() -> DecodedImage:
        loaded.append(index)
        if index % 200 == 150:
            raise DataError("broken")
        return DecodedImage(pixels=pixels, alpha=None, depth=8, format="PNG", notices=notices)

    return PictureFile(name=f"{index}.png", load=load)


def stream_pictures(files: Sequence[PictureFile], *, say: Callable[[str], None] | None = None) -> Iterator[Picture]:
    pictures = PicturesOfFiles(files, say=say)
    for _, picture in pictures.read():
        yield picture
    pictures.report()


def test_pictures_are_loaded_shortly_before_they_are_asked_for_and_then_let_go() -> None:
    loaded: list[int] = []
    past: list[weakref.ref[object]] = []
    picture = None
    files = [picture_file(200 * index, loaded) for index in range(300)]
    for count, picture in enumerate(stream_pictures(files), start=1):
        # Each was looked into before the first was read.
        assert len(loaded) - 300 <= count + MOST_WAITING
        past.append(weakref.ref(picture))
    picture = None
    gc.collect()
    assert len(past) == 300
    assert not any(each() for each in past)


def test_what_was_left_out_or_not_kept_is_said_after_the_last() -> None:
    said: list[str] = []
    loaded: list[int] = []
    files = [picture_file(index, loaded, notices=("it is odd",) if index % 2 else ()) for index in range(200)]
    stream = stream_pictures(files, say=said.append)
    names = [next(stream).name for _ in range(199)]
    assert names == [f"{index}.png" for index in range(200) if index != 150]
    assert said == []
    assert list(stream) == []
    assert said == [
        "left out 1 of 200 pictures that cannot be read: 150.png (broken)",
        "1.png and 99 more: it is odd",
    ]


def test_names_that_would_be_written_to_one_place_or_elsewhere_are_refused() -> None:
    check_output_names(["a.png", "b/a.png"])
    with pytest.raises(ArgumentError, match=r"^two inputs would be written to a.png; rename one, or write them to two"):
        check_output_names(["a.png", "b.png", "a.png"])
    with pytest.raises(DataError, match=r"^the name '../a.png' leads out of its folder; rename it$"):
        check_output_names(["../a.png"])


def test_a_stack_counts_as_unreadable_once_one_of_its_pages_is(tmp_path: Path) -> None:
    data = io.BytesIO()
    tifffile.imwrite(data, np.full((3, 16, 16), 7, np.uint8), compression="deflate", photometric="minisblack")
    with tifffile.TiffFile(io.BytesIO(data.getvalue())) as file:
        page = file.pages[1]
        start, length = page.dataoffsets[0], page.databytecounts[0]
    broken = bytearray(data.getvalue())
    broken[start : start + length] = b"\xff" * length
    said: list[str] = []
    plain = [picture_file(index, []) for index in range(300) if index % 200 != 150]
    stack = PictureFile(name="s.tif", load=lambda: bytes(broken), all_pages=True)
    pictures = PicturesOfFiles([stack, *plain], say=said.append)
    read = list(pictures.read())
    for _, picture in read:
        write_picture(picture, picture.pixels, tmp_path)
    pictures.report()
    assert [picture.name for row, picture in read if pictures.is_whole(row)] == [each.name for each in plain]
    assert not (tmp_path / "s.tif").exists()
    assert len(said) == 1
    assert said[0].startswith("left out 3 of 302 pictures that cannot be read: s.tif#1 (")
