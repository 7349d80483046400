"""Inputs of the command line: files, folders, archives, arrays and sources, found and named, and read as pictures."""

__all__ = ["find_inputs", "read_pictures"]

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from copyist.data.examples import ExampleSet
from copyist.data.opening import open_split
from copyist.data.source import READABLE, Source, parse_source
from copyist.errors import DataError
from copyist.files.array_files import npy_array
from copyist.files.bulk import ignore
from copyist.files.decoded import DecodedImage
from copyist.files.folders import ImageFile, files_in_folder, files_in_zip
from copyist.files.formats import SUFFIXES, name_written
from copyist.files.image_arrays import ImageArray
from copyist.files.picture import Picture
from copyist.files.picture_files import PictureFile, check_output_names, stream_pictures


def read_pictures(inputs: Sequence[str], *, say: Callable[[str], None] | None = None) -> list[Picture]:
    """Read files, folders, archives, arrays and sources.

    Of a folder or `.zip` every image is taken, or every `.npy` where there is no image. An array holds one image
    (H, W) or (H, W, C), or several in a layout that sources know. Options but `channels` make an input a source: its
    images come in one shape, from the requested split or else the test split, and are written as PNG.

    Args:
        inputs: paths and sources; `?channels=1` behind a path turns its colors gray.
        say: takes notices, each one sentence.

    Raises:
        DataError: a file named alone cannot be read, or more than 1 % of those in a folder.
        ArgumentError: two pictures would be written to one name, or a source breaks a rule.
        UnknownNameError: there is no such source or option.
    """
    return list(stream_pictures(find_inputs(inputs, say=say), say=say))


def find_inputs(inputs: Sequence[str], *, say: Callable[[str], None] | None = None) -> list[PictureFile]:
    """The files of pictures that `inputs` name, in the order of `inputs` and then by name; none is decoded yet.

    Args:
        inputs: as for `read_pictures`.
        say: takes notices, each one sentence.

    Raises:
        DataError: there is no such file, or nothing in it that can be read.
        ArgumentError: two pictures would be written to one name, or a source breaks a rule.
        UnknownNameError: there is no such source or option.
    """
    files = [file for text in inputs for file in _find(parse_source(text), say or ignore)]
    check_output_names([file.name for file in files])
    return files


def _find(source: Source, say: Callable[[str], None]) -> list[PictureFile]:
    path = Path(source.place)
    plain = replace(source, text="", channels=None, layout=None, pages="first") == Source(text="", place=source.place)
    if source.is_embedded or not plain or path.suffix.lower() in (".npz", ".gz"):
        return _of_source(source, say)
    if path.is_dir():
        files = files_in_folder(path)
        arrays = [] if files else sorted(each for each in path.rglob("*.npy") if each.is_file())
        if not files and not arrays:
            raise DataError(f"{source.place} must hold images or .npy arrays, and there is none; check the folder")
        names = [each.relative_to(path).as_posix() for each in arrays]
        of_arrays = [_of_array(array, name, source) for array, name in zip(arrays, names, strict=True)]
        return [*_of_files(files, source), *of_arrays]
    if not path.exists():
        raise DataError(f"there is no file or folder {source.place}; check the path")
    match path.suffix.lower():
        case ".zip":
            files = files_in_zip(path)
            if not files:
                raise DataError(f"{source.place} must hold images, and there is none; check the archive")
            return _of_files(files, source)
        case ".npy":
            return [replace(_of_array(path, path.name, source), is_alone=True)]
        case suffix if suffix in SUFFIXES:
            return [replace(_of_file(path.name, path.read_bytes, source), is_alone=True)]
        case _:
            raise DataError(
                f"{source.place} is no picture; give a .png, .jpg, .tif, .webp, … or .npy file, or data: {READABLE}"
            )


def _of_files(files: Sequence[ImageFile], source: Source) -> list[PictureFile]:
    return [_of_file(file.name, file.read, source) for file in files]


def _of_file(name: str, read: Callable[[], bytes], source: Source) -> PictureFile:
    name = name_written(name)
    return PictureFile(name=name, load=read, channels=source.channels, all_pages=source.pages == "all")


def _of_array(path: Path, name: str, source: Source) -> PictureFile:
    def load() -> ImageArray:
        return ImageArray(name, npy_array(path), layout=source.layout, place=source.place)

    return PictureFile(name=name, load=load)


def _of_source(source: Source, say: Callable[[str], None]) -> list[PictureFile]:
    """Images of a source, which have no file of their own, as PNG."""
    # What comes with copyist is shown as held out; of a user's own files none is left out unasked.
    images = open_split(source.text, default="test" if source.is_embedded else "all", say=say)
    if images.is_table:
        raise DataError(
            f"{source.place} is a table, which has no pictures; give images, or reconstruct, denoise or encode it "
            "with a model trained on tables"
        )

    def loader(index: int) -> Callable[[], DecodedImage]:
        return lambda: _as_png(images, index)

    names = map(_png_name, images.names)
    return [PictureFile(name=name, load=loader(index), is_alone=True) for index, name in enumerate(names)]


def _as_png(images: ExampleSet, index: int) -> DecodedImage:
    row = np.moveaxis(np.asarray(images.array[index]), 0, 2)
    if row.dtype == np.float32:
        row = np.rint(row * 65535).astype(np.uint16)
    if row.shape[2] not in (1, 3):
        raise DataError(f"{row.shape[2]} channels, which no PNG can hold")
    return DecodedImage(pixels=row, depth=8 * row.dtype.itemsize, format="PNG")


def _png_name(name: str) -> str:
    path = PurePosixPath(name)
    return str(path.with_suffix(".png")) if path.suffix.lower() in SUFFIXES else f"{name}.png"
