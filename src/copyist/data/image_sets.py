"""A source of images becomes sets of images of one shape."""

__all__ = ["image_sets"]

import contextlib
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from copyist.data.arrays import undecoded_array_file, undecoded_mnist
from copyist.data.cache import Materialized, materialize
from copyist.data.embedded import undecoded_embedded
from copyist.data.examples import ExampleSet
from copyist.data.fitting import binarize, fit_size, tile_corners
from copyist.data.groups import groups_of_names
from copyist.data.image_files import undecoded_files, undecoded_listing
from copyist.data.parts import Split, fingerprint
from copyist.data.source import READABLE, TABLE_OPTIONS, Source, check_unset
from copyist.data.source_parts import of_classes, parts_of
from copyist.data.undecoded import Undecoded
from copyist.errors import DataError
from copyist.files.bulk import Progress, report_unreadable
from copyist.files.decoding import DECODER
from copyist.files.folders import ImageFile, list_folder, list_zip
from copyist.files.formats import SUFFIXES
from copyist.files.values import with_channels

Corner: TypeAlias = tuple[int, int] | None
"""Top and left of a tile; None for an image taken whole."""


def image_sets(
    source: Source,
    parts: Sequence[Split],
    *,
    without: Path | None = None,
    say: Callable[[str], None],
    progress: Progress | None,
) -> list[ExampleSet]:
    """The requested splits of a source of images, decoded in one pass: each is a slice of one array.

    Args:
        source: what is read.
        parts: the splits that are wanted.
        without: a file or folder in it that is no data, such as where results go.
        say: takes notices, each one sentence.
        progress: called with the number of files done, and of all.

    Raises:
        ArgumentError: an option is one of tables.
        DataError: the source cannot be read, or its images cannot be brought to one shape.
        OutputError: the cache folder is full or cannot be written.
    """
    check_unset(source, TABLE_OPTIONS, kind="tables", got="images")
    images = _undecoded(source, without, say, progress)
    size, channels = _common_size(images, source), source.channels or images.channels
    belong = groups_of_names(images.names, source)
    split = parts_of(images.belongs_to or images.digests, images.is_test, source, groups=belong)
    split = of_classes(split, images.labels, source)
    groups: list[list[int]] = [split.indices(part, limit=source.limit).tolist() for part in parts]
    order = [index for group in groups for index in group]
    tiles = [_tiles(images.sizes[index], size, source) for index in order]
    if len(order) and not any(tiles):
        largest = max((images.sizes[index] for index in order), key=min)
        raise DataError(
            f"tiles of {source.place} must fit into its images, got {size[0]}x{size[1]}; "
            f"take ?size={largest[0]}x{largest[1]}, or less"
        )
    options: tuple[object, ...] = (size, source.fit, source.stride, channels, str(images.dtype))
    options += () if source.binarize is None else (f"binarize={source.binarize}",)
    result = materialize(
        list(map(len, tiles)),
        (channels, *size),
        images.dtype,
        make=lambda position: _rows(images, order[position], tiles[position], (channels, *size), source),
        key=fingerprint([images.digests[index] for index in order], *options, *_decoders()),
        progress=progress,
    )
    failures = [f"{images.names[order[position]]} ({reason})" for position, reason in result.failures.items()]
    failures = sorted([*images.failures, *failures])
    total = len(images) + len(images.failures)
    report_unreadable(failures, total, noun="files", place=source.place, say=say)
    for notice in images.notices:
        say(notice)
    return _split(source, images, groups, tiles, result, options)


def _undecoded(
    source: Source, without: Path | None, say: Callable[[str], None], progress: Progress | None
) -> Undecoded:
    """What a source holds, whatever kind of source it is."""
    if source.is_embedded:
        return undecoded_embedded(source)
    path = Path(source.place)
    mnist = undecoded_mnist(path, source) if path.is_dir() else None
    if mnist is not None:
        return mnist
    if path.is_dir() or path.suffix.lower() == ".zip":
        listing = list_folder(path, without=without) if path.is_dir() else list_zip(path)
        return undecoded_listing(listing, say=say, all_pages=source.pages == "all", progress=progress)
    if path.suffix.lower() in SUFFIXES:
        alone = [ImageFile(name=path.name, read=path.read_bytes)]
        return undecoded_files(alone, place=source.place, all_pages=source.pages == "all", progress=progress)
    if path.suffix.lower() in (".npy", ".npz", ".gz"):
        return undecoded_array_file(path, source, say=say, progress=progress)
    raise DataError(f"{source.place} cannot be read as examples; {READABLE}")


def _decoders() -> tuple[str, ...]:
    """What turns files into pixels, with versions: another one may give other pixels of the same file."""
    found: list[str] = []
    for name in ("pillow", "tifffile", "imagecodecs", "numpy", "pillow-heif"):
        with contextlib.suppress(PackageNotFoundError):  # The last is needed for HEIC alone.
            found.append(f"{name} {version(name)}")
    return f"copyist {DECODER}", *found


def _common_size(images: Undecoded, source: Source) -> tuple[int, int]:
    """(H, W) of all images to come."""
    if source.size is not None:
        return source.size
    sizes = sorted(set(images.sizes))
    if len(sizes) > 1:
        (low, high), (height, width) = sizes[0], sizes[-1]
        raise DataError(
            f"images of {source.place} must be of one size, got {low}x{high} and {height}x{width}; add ?size=64, "
            "and &fit=tile to cut rather than scale them"
        )
    return sizes[0]


def _tiles(present: tuple[int, int], size: tuple[int, int], source: Source) -> Sequence[Corner]:
    """Where an image is cut; once and nowhere in particular unless it is cut into tiles."""
    if source.fit != "tile" or source.is_embedded:
        return [None]
    return tile_corners(present, size, source.stride)


def _rows(
    images: Undecoded, index: int, corners: Sequence[Corner], shape: tuple[int, int, int], source: Source
) -> npt.NDArray[Any] | str:
    """The rows (R, C, H, W) that an image gives, or the reason why it cannot be read."""
    pixels = images.decode(index)
    if isinstance(pixels, str):
        return pixels
    channels, height, width = shape
    pixels = with_channels(pixels, channels, name=f"images of {source.place}")
    cuts = [
        fit_size(pixels, (height, width), source.fit)
        if corner is None
        else pixels[corner[0] : corner[0] + height, corner[1] : corner[1] + width]
        for corner in corners
    ]
    rows = np.moveaxis(np.stack(cuts), 3, 1) if cuts else np.empty((0, *shape), pixels.dtype)
    return rows if source.binarize is None else binarize(rows, source.binarize, digest=images.digests[index])


def _split(
    source: Source,
    images: Undecoded,
    groups: Sequence[Sequence[int]],
    tiles: Sequence[Sequence[Corner]],
    result: Materialized,
    options: tuple[object, ...],
) -> list[ExampleSet]:
    """One set for each group of images, without those that could not be read; the tiles are of all groups in turn."""
    sets: list[ExampleSet] = []
    start = first = 0
    for group in groups:
        kept = [place for place in range(len(group)) if start + place not in result.failures]
        chosen, cuts = [group[place] for place in kept], [tiles[start + place] for place in kept]
        rows = sum(map(len, cuts))
        sets.append(_image_set(source, images, chosen, cuts, result.array[first : first + rows], options))
        start, first = start + len(group), first + rows
    return sets


def _image_set(
    source: Source,
    images: Undecoded,
    chosen: Sequence[int],
    cuts: Sequence[Sequence[Corner]],
    array: npt.NDArray[Any],
    options: tuple[object, ...],
) -> ExampleSet:
    names = [
        images.names[index] if corner is None else f"{images.names[index]}@{corner[0]},{corner[1]}"
        for index, corners in zip(chosen, cuts, strict=True)
        for corner in corners
    ]
    counts = [len(corners) for corners in cuts]
    belong = groups_of_names([images.names[index] for index in chosen], source)
    return ExampleSet(
        source=source.text,
        array=array,
        names=tuple(names),
        groups=None if belong is None else tuple(np.repeat(belong, counts).tolist()),
        labels=None if images.labels is None else np.repeat(images.labels.numbers[list(chosen)], counts),
        classes=None if images.labels is None else images.labels.names,
        fingerprint=fingerprint([images.digests[index] for index in chosen], *options),
    )
