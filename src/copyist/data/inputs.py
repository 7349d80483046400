"""Inputs of the command line: files, folders, archives, arrays and sources, found and named, and read as pictures."""

__all__ = ["find_inputs", "read_pictures", "result_names"]

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from copyist.data.examples import ExampleSet
from copyist.data.opening import open_split
from copyist.data.shards import find_index
from copyist.data.source import READABLE, Source, parse_source
from copyist.errors import ArgumentError, DataError
from copyist.files.array_files import npy_array
from copyist.files.bulk import ignore
from copyist.files.decoded import DecodedImage
from copyist.files.folders import Listing, list_folder, list_zip
from copyist.files.formats import SUFFIXES, name_written
from copyist.files.image_arrays import ImageArray
from copyist.files.picture import Picture, name_of_several
from copyist.files.picture_files import PictureFile, PicturesOfFiles, check_output_names
from copyist.outputs import check_name


def read_pictures(
    inputs: Sequence[str], *, without: Path | None = None, say: Callable[[str], None] | None = None
) -> list[Picture]:
    """Read files, folders, archives, arrays and sources.

    Of a folder or `.zip` every image is taken, or every `.npy` where there is no image. An array holds one image
    (H, W) or (H, W, C), or several in a layout that sources know. Options but `channels` make an input a source: its
    images come in one shape, from the requested split or else the test split, and are written as PNG.

    Args:
        inputs: paths and sources; `?channels=1` behind a path turns its colors gray.
        without: a file or folder that is no data where it lies in an input: where the results go.
        say: takes notices, each one sentence.

    Raises:
        DataError: a file named alone cannot be read, or more than 1 % of those in a folder.
        ArgumentError: two pictures would be written to one name, or a source breaks a rule.
        UnknownNameError: there is no such source or option.
    """
    pictures = PicturesOfFiles(find_inputs(inputs, without=without, say=say), say=say)
    read = list(pictures.read())
    pictures.report()
    return [picture for row, picture in read if pictures.is_whole(row)]


def find_inputs(
    inputs: Sequence[str], *, without: Path | None = None, say: Callable[[str], None] | None = None
) -> list[PictureFile]:
    """The files of pictures that `inputs` name, in the order of `inputs` and then by name; none is decoded yet.

    Args:
        inputs: as for `read_pictures`.
        without: as for `read_pictures`.
        say: takes notices, each one sentence.

    Raises:
        DataError: there is no such file, or nothing in it that can be read.
        ArgumentError: two pictures would be written to one name, or a source breaks a rule.
        UnknownNameError: there is no such source or option.
    """
    files = [file for text in inputs for file in _find(parse_source(text), without, say or ignore)]
    check_output_names([file.name for file in files])
    return files


def _find(source: Source, without: Path | None, say: Callable[[str], None]) -> list[PictureFile]:
    path = Path(source.place)
    plain = replace(source, text="", channels=None, layout=None, pages="first") == Source(text="", place=source.place)
    is_source = source.is_embedded or source.is_hub or not plain or path.suffix.lower() in (".npz", ".gz")
    if is_source or find_index(source.place) is not None:
        return _of_source(source, without, say)
    if path.is_dir():
        return _of_listing(list_folder(path, without=without), source, say)
    if not path.exists():
        raise DataError(f"there is no file or folder {source.place}; check the path")
    if not path.is_file():
        raise DataError(f"{source.place} must be a file or a folder, and is no regular file; save it as one")
    match path.suffix.lower():
        case ".zip":
            return _of_listing(list_zip(path), source, say)
        case ".npy":
            return [replace(_of_array(path, path.name, source), is_alone=True)]
        case suffix if suffix in SUFFIXES:
            return [replace(_of_file(path.name, path.read_bytes, source), is_alone=True)]
        case _:
            raise DataError(
                f"{source.place} is no picture; give a .png, .jpg, .tif, .webp, … or .npy file, or data: {READABLE}"
            )


def _of_listing(listing: Listing, source: Source, say: Callable[[str], None]) -> list[PictureFile]:
    """The images of a folder or archive, or the arrays of a folder that has no image."""
    files, arrays = listing.files(SUFFIXES), listing.files([".npy"]) if listing.is_folder else []
    taken = SUFFIXES if files else [".npy"] if arrays else []
    listing.say_left_out(taken, say, noun="image" if files or not arrays else "array")
    if not files and not arrays:
        kinds, place = ("images or .npy arrays", "folder") if listing.is_folder else ("images", "archive")
        raise DataError(f"{source.place} must hold {kinds}, and there is none; check the {place}")
    if files:
        return [_of_file(file.name, file.read, source) for file in files]
    return [_of_array(Path(source.place) / array.name, array.name, source) for array in arrays]


def _of_file(name: str, read: Callable[[], bytes], source: Source) -> PictureFile:
    name, all_pages = name_written(name), source.pages == "all"
    return PictureFile(name=name, load=read, channels=source.channels, all_pages=all_pages)


def _of_array(path: Path, name: str, source: Source) -> PictureFile:
    def load() -> ImageArray:
        return ImageArray(name, npy_array(path), layout=source.layout, place=source.place)

    return PictureFile(name=name, load=load)


def _of_source(source: Source, without: Path | None, say: Callable[[str], None]) -> list[PictureFile]:
    """Images of a source, which have no file of their own, as PNG."""
    # What comes with copyist is shown as held out; of a user's own files none is left out unasked.
    images = open_split(source.text, default="test" if source.is_embedded else "all", without=without, say=say)
    if images.is_table:
        raise DataError(
            f"{source.place} is a table, which has no pictures; give images, or reconstruct, denoise or encode it "
            "with a model trained on tables"
        )

    def loader(index: int) -> Callable[[], DecodedImage]:
        return lambda: _as_png(images, index)

    names = result_names(images.names, ".png", say=say)
    return [PictureFile(name=name, load=loader(index), is_alone=True) for index, name in enumerate(names)]


def _as_png(images: ExampleSet, index: int) -> DecodedImage:
    row = np.moveaxis(np.asarray(images.array[index]), 0, 2)
    if row.dtype == np.float32:
        row = np.rint(row * 65535).astype(np.uint16)
    if row.shape[2] not in (1, 3):
        raise DataError(f"{row.shape[2]} channels, which no PNG can hold")
    return DecodedImage(pixels=row, depth=8 * row.dtype.itemsize, format="PNG")


def result_names(
    names: Sequence[str], ending: str, *, taken: Collection[str] = (), say: Callable[[str], None] | None = None
) -> list[str]:
    """The names of what is made of pictures and written with another ending: `a.png` of `a.jpg`.

    Where two pictures would be written to one name, or to one that is taken, their own endings are kept: `a.jpg.png`
    beside `a.webp.png`. A row of an array has its number behind the array's ending.

    Args:
        names: of the pictures.
        ending: of the results, such as `.png`.
        taken: names that other files have.
        say: takes a notice where endings are kept.

    Raises:
        ArgumentError: two results have one name all the same.
        OutputError: a result's name is too long to be written.
    """
    plain = [_with_ending(name, ending) for name in names]
    counts = Counter(plain)
    results = [
        f"{name}{ending}" if new in taken or (counts[new] > 1 and new != name) else new
        for name, new in zip(names, plain, strict=True)
    ]
    for new in results:
        check_name(new)
    kept = [new for new, without in zip(results, plain, strict=True) if new != without]
    if kept and say is not None:
        say(f"{name_of_several(kept)}: the picture's ending is kept, since without it another file has this name")
    twice = next((name for name, count in Counter(results).items() if count > 1), None)
    if twice is not None:
        raise ArgumentError(f"two results would be written to {twice}; rename one, or write them to two folders")
    return results


def _is_one_of_several(name: str) -> bool:
    """Whether a name is that of a row of an array or a page of a stack: `x.npy#3`, `stack.tif#3`."""
    file, mark, number = name.rpartition("#")
    return bool(mark) and number.isdigit() and PurePosixPath(file).suffix.lower() in (*SUFFIXES, ".npy")


def _with_ending(name: str, ending: str) -> str:
    stem, mark, row = name.rpartition("#") if _is_one_of_several(name) else (name, "", "")
    path = PurePosixPath(stem)
    bare = str(path.with_suffix("")) if path.suffix.lower() in (*SUFFIXES, ".npy") else stem
    return f"{bare}{mark}{row}{ending}"
