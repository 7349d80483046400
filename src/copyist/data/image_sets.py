"""A source of images becomes sets of images of one shape."""

__all__ = ["PreparedImages", "image_sets", "prepare_images"]

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeAlias, final

import numpy as np
import numpy.typing as npt

from copyist.data.arrays import undecoded_array_file, undecoded_mnist
from copyist.data.cache import Materialized, materialize
from copyist.data.embedded import undecoded_embedded
from copyist.data.examples import ExampleSet
from copyist.data.fitting import binarize, fit_size, tile_corners
from copyist.data.groups import groups_of_names
from copyist.data.hub_sets import undecoded_hub
from copyist.data.image_files import undecoded_files, undecoded_listing, undecoded_tars
from copyist.data.parts import Parts, Split, fingerprint
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


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class PreparedImages:
    """The images of a source, before they are decoded, and what becomes of each."""

    source: Source

    images: Undecoded

    shape: tuple[int, int, int]
    """(C, H, W) that each is brought to."""

    parts: Parts
    """Which belong to which split."""

    @property
    def options(self) -> tuple[object, ...]:
        """What beside their content decides the values, for the fingerprint."""
        channels, height, width = self.shape
        source, dtype = self.source, str(self.images.dtype)
        options: tuple[object, ...] = ((height, width), source.fit, source.stride, channels, dtype)
        return options if source.binarize is None else (*options, f"binarize={source.binarize}")

    def corners(self, index: int) -> Sequence[Corner]:
        """Where an image is cut; once and nowhere in particular unless it is cut into tiles."""
        if self.source.fit != "tile" or self.source.is_embedded:
            return [None]
        return tile_corners(self.images.sizes[index], self.shape[1:], self.source.stride)

    def rows(self, index: int, corners: Sequence[Corner]) -> npt.NDArray[Any] | str:
        """The rows (R, C, H, W) that an image gives, or the reason why it cannot be read."""
        pixels = self.images.decode(index)
        if isinstance(pixels, str):
            return pixels
        channels, height, width = self.shape
        pixels = with_channels(pixels, channels, name=f"images of {self.source.place}")
        cuts = [
            fit_size(pixels, (height, width), self.source.fit)
            if corner is None
            else pixels[corner[0] : corner[0] + height, corner[1] : corner[1] + width]
            for corner in corners
        ]
        rows = np.moveaxis(np.stack(cuts), 3, 1) if cuts else np.empty((0, *self.shape), pixels.dtype)
        binarized = self.source.binarize
        return rows if binarized is None else binarize(rows, binarized, digest=self.images.digests[index])

    def row_names(self, index: int, corners: Sequence[Corner]) -> list[str]:
        """What the rows of an image are called."""
        name = self.images.names[index]
        return [name if corner is None else f"{name}@{corner[0]},{corner[1]}" for corner in corners]

    def check_tiles(self, tiles: Sequence[Sequence[Corner]], order: Sequence[int]) -> None:
        """Refuse tiles that none of the images in `order` is large enough for.

        Raises:
            DataError: there is no tile.
        """
        if not order or any(tiles):
            return
        largest = max((self.images.sizes[index] for index in order), key=min)
        raise DataError(
            f"tiles of {self.source.place} must fit into its images, got {self.shape[1]}x{self.shape[2]}; "
            f"take ?size={largest[0]}x{largest[1]}, or less"
        )


def prepare_images(
    source: Source, *, without: Path | None, say: Callable[[str], None], progress: Progress | None
) -> PreparedImages:
    """Look at all images of a source, and decode none.

    Raises:
        ArgumentError: an option is one of tables.
        DataError: the source cannot be read, or its images cannot be brought to one shape.
    """
    others = [option for option in TABLE_OPTIONS if not (option == "label" and source.is_hub)]
    check_unset(source, others, kind="tables", got="images")
    images = _undecoded(source, without, say, progress)
    size, channels = _common_size(images, source), source.channels or images.channels
    belong = groups_of_names(images.names, source)
    parts = parts_of(images.belongs_to or images.digests, images.is_test, source, groups=belong)
    parts = of_classes(parts, images.labels, source)
    return PreparedImages(source=source, images=images, shape=(channels, *size), parts=parts)


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
    prepared = prepare_images(source, without=without, say=say, progress=progress)
    images, options = prepared.images, prepared.options
    groups: list[list[int]] = [prepared.parts.indices(part, limit=source.limit).tolist() for part in parts]
    order = [index for group in groups for index in group]
    tiles = list(map(prepared.corners, order))
    prepared.check_tiles(tiles, order)
    result = materialize(
        list(map(len, tiles)),
        prepared.shape,
        images.dtype,
        make=lambda position: prepared.rows(order[position], tiles[position]),
        key=fingerprint([images.digests[index] for index in order], *options, *_decoders()),
        progress=progress,
    )
    failures = [f"{images.names[order[position]]} ({reason})" for position, reason in result.failures.items()]
    failures = sorted([*images.failures, *failures])
    total = len(images) + len(images.failures)
    report_unreadable(failures, total, noun="files", place=source.place, say=say)
    for notice in images.notices:
        say(notice)
    return _split(prepared, groups, tiles, result)


def _undecoded(
    source: Source, without: Path | None, say: Callable[[str], None], progress: Progress | None
) -> Undecoded:
    """What a source holds, whatever kind of source it is."""
    if source.is_embedded:
        return undecoded_embedded(source)
    if source.is_hub:
        return undecoded_hub(source, say=say, progress=progress)
    path = Path(source.place)
    mnist = undecoded_mnist(path, source) if path.is_dir() else None
    if mnist is not None:
        return mnist
    if path.is_dir() or path.suffix.lower() == ".zip":
        listing = list_folder(path, without=without) if path.is_dir() else list_zip(path)
        return undecoded_listing(listing, say=say, all_pages=source.pages == "all", progress=progress)
    if path.suffix.lower() == ".tar":
        return undecoded_tars(source.place, say=say, progress=progress)
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


def _split(
    prepared: PreparedImages,
    groups: Sequence[Sequence[int]],
    tiles: Sequence[Sequence[Corner]],
    result: Materialized,
) -> list[ExampleSet]:
    """One set for each group of images, without those that could not be read; the tiles are of all groups in turn."""
    sets: list[ExampleSet] = []
    start = first = 0
    for group in groups:
        kept = [place for place in range(len(group)) if start + place not in result.failures]
        chosen, cuts = [group[place] for place in kept], [tiles[start + place] for place in kept]
        rows = sum(map(len, cuts))
        sets.append(_image_set(prepared, chosen, cuts, result.array[first : first + rows]))
        start, first = start + len(group), first + rows
    return sets


def _image_set(
    prepared: PreparedImages, chosen: Sequence[int], cuts: Sequence[Sequence[Corner]], array: npt.NDArray[Any]
) -> ExampleSet:
    images = prepared.images
    names = [name for index, corners in zip(chosen, cuts, strict=True) for name in prepared.row_names(index, corners)]
    counts = [len(corners) for corners in cuts]
    belong = groups_of_names([images.names[index] for index in chosen], prepared.source)
    return ExampleSet(
        source=prepared.source.text,
        array=array,
        names=tuple(names),
        groups=None if belong is None else tuple(np.repeat(belong, counts).tolist()),
        labels=None if images.labels is None else np.repeat(images.labels.numbers[list(chosen)], counts),
        classes=None if images.labels is None else images.labels.names,
        fingerprint=fingerprint([images.digests[index] for index in chosen], *prepared.options),
    )
