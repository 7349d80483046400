"""A source string becomes examples: all of one shape, in train and test."""

__all__ = ["open_source", "open_split"]

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from copyist.data.arrays import array_items, mnist_items
from copyist.data.base import ExampleSet, Splits
from copyist.data.binarizing import binarized
from copyist.data.cache import Progress, made
from copyist.data.embedded import embedded_items
from copyist.data.files import files_in_folder, files_in_zip
from copyist.data.fitting import fitted, tile_corners, with_channels
from copyist.data.items import Items, items_of_files
from copyist.data.sheets import is_sheet
from copyist.data.source import Source, Split, parse_source
from copyist.data.splitting import fingerprint, part_of
from copyist.data.tables import check_for_images, table_sets
from copyist.errors import ArgumentError, DataError

Corner: TypeAlias = tuple[int, int] | None
"""Top and left of a tile; None for an image taken whole."""

READ = (
    "a source is a folder or .zip of images, .npy, .npz, idx .gz, a table in .csv or .parquet, "
    "or one of photos, faces, digits, scenes, blobs, cancer"
)

MOST_UNREADABLE = 0.01
"""When a larger share of files cannot be read, something is wrong with all of them."""


def open_source(text: str, *, say: Callable[[str], None] | None = None, progress: Progress | None = None) -> Splits:
    """Open a source with its two splits, which depend on its content alone.

    A folder or archive with `train/` beside `test/` (or `val/`) has these as splits; so has a folder with the four
    files of MNIST. Of all else, a tenth is held out. Tiles are cut after the split; transparency is left out.

    Args:
        text: `PATH_OR_NAME?option=value&…`, with the options of `Source`.
        say: takes notices, each one sentence.
        progress: told of files done.

    Raises:
        ArgumentError: the source breaks a rule, or asks for one split only.
        UnknownNameError: there is no such source, option or value.
        DataError: it cannot be read, or its images cannot be brought to one shape.
    """
    source = parse_source(text)
    if source.split is not None:
        raise ArgumentError(f"both splits are needed here, got {text!r}; leave split= out")
    train, test = _sets(source, ("train", "test"), say or _silent, progress)
    if not (len(train) and len(test)):
        raise DataError(
            f"{source.place} must have {'rows' if train.is_table else 'images'} to train and to test on, got "
            f"{len(train)} and {len(test)}; {_MORE[train.is_table]}"
        )
    return Splits(train=train, test=test)


def open_split(
    text: str,
    *,
    default: Literal["train", "test", "all"],
    say: Callable[[str], None] | None = None,
    progress: Progress | None = None,
) -> ExampleSet:
    """Open one split of a source: the one that `?split=` names, or else `default`.

    Raises:
        ArgumentError, UnknownNameError, DataError: as `open_source`.
    """
    source = parse_source(text)
    return _sets(source, (source.split or default,), say or _silent, progress)[0]


_MORE = {
    False: "add images, of which a tenth is held out, or part them into folders train and test",
    True: "add rows, of which a tenth is held out",
}


def _silent(notice: str) -> None:
    """Take no notice."""


def _sets(
    source: Source, parts: Sequence[Split], say: Callable[[str], None], progress: Progress | None
) -> list[ExampleSet]:
    if not source.is_embedded and not Path(source.place).exists():
        raise DataError(f"there is no file or folder {source.place}; {READ}")
    if source.is_embedded and Path(source.place).exists():
        say(f"took {source.place} as the embedded data of that name; write ./{source.place} for the folder")
    return table_sets(source, parts) if is_sheet(source) else _opened(source, parts, say, progress)


def _opened(
    source: Source, parts: Sequence[Split], say: Callable[[str], None], progress: Progress | None
) -> list[ExampleSet]:
    """The parts of a source that are asked for, decoded in one go: each is a slice of one array."""
    check_for_images(source)
    items = _items(source, say, progress)
    size = _common_size(items, source)
    channels = source.channels or items.channels
    groups = [list(map(int, part_of(items.is_test, part, limit=source.limit))) for part in parts]
    order = [index for group in groups for index in group]
    tiles = [_tiles(items.sizes[index], size, source) for index in order]
    if len(order) and not any(tiles):
        largest = max((items.sizes[index] for index in order), key=min)
        raise DataError(
            f"tiles of {source.place} must fit into its images, got {size[0]}x{size[1]}; "
            f"take ?size={largest[0]}x{largest[1]}, or less"
        )

    def make(position: int) -> npt.NDArray[Any] | str:
        pixels = items.pixels(order[position])
        if isinstance(pixels, str):
            return pixels
        rows = _rows(with_channels(pixels, channels, name=f"images of {source.place}"), tiles[position], size, source)
        if source.binarize is None:
            return rows
        return binarized(rows, source.binarize, digest=items.digests[order[position]])

    options = (size, source.fit, source.stride, channels, str(items.dtype))
    options += () if source.binarize is None else (f"binarize={source.binarize}",)
    key = fingerprint([items.digests[index] for index in order], *options)
    counts = [len(each) for each in tiles]
    result = made(counts, (channels, *size), items.dtype, make=make, key=key, progress=progress)
    failures = [f"{items.names[order[position]]} ({reason})" for position, reason in result.failures.items()]
    _report([*items.failures, *failures], len(items) + len(items.failures), source, say)

    sets: list[ExampleSet] = []
    start = first = 0
    for group in groups:
        kept = [position for position in range(start, start + len(group)) if position not in result.failures]
        chosen, cuts = [order[position] for position in kept], [tiles[position] for position in kept]
        rows = sum(map(len, cuts))
        sets.append(_image_set(source, items, chosen, cuts, result.array[first : first + rows], options))
        start, first = start + len(group), first + rows
    return sets


def _image_set(
    source: Source,
    items: Items,
    chosen: Sequence[int],
    cuts: Sequence[Sequence[Corner]],
    array: npt.NDArray[Any],
    options: tuple[object, ...],
) -> ExampleSet:
    names = [
        items.names[index] if corner is None else f"{items.names[index]}@{corner[0]},{corner[1]}"
        for index, corners in zip(chosen, cuts, strict=True)
        for corner in corners
    ]
    counts = [len(corners) for corners in cuts]
    return ExampleSet(
        source=source.text,
        array=array,
        names=tuple(names),
        labels=None if items.labels is None else np.repeat(items.labels[list(chosen)], counts),
        fingerprint=fingerprint([items.digests[index] for index in chosen], *options),
    )


def _items(source: Source, say: Callable[[str], None], progress: Progress | None) -> Items:
    """What a source holds, whatever kind of source it is."""
    if source.is_embedded:
        return embedded_items(source)
    path = Path(source.place)
    if path.is_dir():
        found = mnist_items(path, source)
        return found or items_of_files(files_in_folder(path, say=say), place=source.place, progress=progress)
    match path.suffix.lower():
        case ".zip":
            return items_of_files(files_in_zip(path, say=say), place=source.place, progress=progress)
        case ".npy" | ".npz" | ".gz":
            return array_items(path, source, progress)
        case _:
            raise DataError(f"{source.place} cannot be read as examples; {READ}")


def _common_size(items: Items, source: Source) -> tuple[int, int]:
    """(H, W) of all images to come."""
    if source.size is not None:
        return source.size
    sizes = sorted(set(items.sizes))
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
    pixels: npt.NDArray[Any], corners: Sequence[Corner], size: tuple[int, int], source: Source
) -> npt.NDArray[Any]:
    """The rows (R, C, H, W) an image (H, W, C) gives."""
    cuts = [
        fitted(pixels, size, source.fit)
        if corner is None
        else pixels[corner[0] : corner[0] + size[0], corner[1] : corner[1] + size[1]]
        for corner in corners
    ]
    return np.moveaxis(np.stack(cuts), 3, 1) if cuts else np.empty((0, pixels.shape[2], *size), pixels.dtype)


def _report(failures: Sequence[str], total: int, source: Source, say: Callable[[str], None]) -> None:
    if not failures:
        return
    first = ", ".join(sorted(failures)[:3]) + (", …" if len(failures) > 3 else "")
    if len(failures) > MOST_UNREADABLE * total:
        raise DataError(
            f"at most 1 % of the files of {source.place} may be unreadable, got {len(failures)} of {total}: {first}; "
            "remove or repair them"
        )
    say(f"left out {len(failures)} of {total} files that cannot be read: {first}")
