"""A source of images is packed into shards, which training reads image by image."""

__all__ = ["Packed", "pack_source"]

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import final, get_args

import numpy as np

from copyist.checks import check_choice, check_whole
from copyist.data.image_sets import PreparedImages, prepare_images
from copyist.data.parts import Split, digest
from copyist.data.shard_array import stored_form
from copyist.data.shard_writing import ShardRow, whole_shards, write_shard
from copyist.data.shards import INDEX, PLAN, Encoding, ShardIndex, find_index, is_shard_file
from copyist.data.source import check_unset, parse_source
from copyist.data.table_sets import is_table
from copyist.errors import DataError, OutputError
from copyist.files.bulk import Progress, ignore, map_in_order, report_unreadable
from copyist.outputs import check_folder, clear_unfinished, write_text

_SHARD_BYTES = 10**8
"""Of values before they are compressed, about as many as a shard gets by default."""


@final
@dataclass(frozen=True, kw_only=True)
class Packed:
    """What was packed."""

    folder: Path

    images: int

    shards: int

    bytes: int
    """Of all tars."""

    image_shape: tuple[int, int, int]
    """(C, H, W)."""

    left_out: int
    """Files that could not be read."""


def pack_source(
    text: str,
    folder: Path,
    *,
    encoding: str | None = None,
    per_shard: int | None = None,
    overwrite: bool = False,
    say: Callable[[str], None] = ignore,
    progress: Progress | None = None,
) -> Packed:
    """Write the images of a source, brought to one shape, into shards in a folder, with an index.

    A folder in which this was stopped is gone on with, shard by shard; nothing is in the index before all is there.
    Training on shards is training on the source: the same splits, the same fingerprint, the same batches.

    Args:
        text: a source of images, perhaps with a split, of which all images are packed.
        folder: where shards go.
        encoding: `png`, which any program shows, or `npy`, which needs no decoding and more disk; None takes `png`
            where images are gray or in color in 8 bits.
        per_shard: images of the source in a shard; None takes about 100 MB of values.
        overwrite: replace shards of something else.
        say: takes notices, each one sentence.
        progress: called with the number of images done, and of all.

    Raises:
        ArgumentError, UnknownNameError: the source breaks a rule, or there is no such encoding.
        DataError: it cannot be read, or is a table.
        OutputError: the folder holds something else, is full, or cannot be written.
    """
    source = parse_source(text)
    check_unset(
        source, ("test", "split_seed", "calibration", "group"), kind="data that is trained on", got="what is packed"
    )
    if is_table(source, without=folder):
        raise DataError(f"shards hold images, got a table: {source.place}; tables of any size are read as they are")
    if find_index(source.place) is not None:
        raise DataError(f"{source.place} is packed in shards already; pack the source that they were made from")
    prepared = prepare_images(source, without=folder, say=say, progress=None)
    plain = prepared.images.dtype == np.uint8 and prepared.shape[0] in (1, 3)
    chosen = ("png" if plain else "npy") if encoding is None else encoding
    check_choice("encoding", chosen, get_args(Encoding))
    if chosen == "png" and not plain:
        raise DataError(
            f"pictures in shards have 1 or 3 channels of 8 bits, got {prepared.shape[0]} of {prepared.images.dtype}; "
            "take --encoding npy"
        )
    count = per_shard or max(1, _SHARD_BYTES // (int(np.prod(prepared.shape)) * prepared.images.dtype.itemsize))
    check_whole("per_shard", count, 1)
    packer = _Packer(prepared, folder, encoding="png" if chosen == "png" else "npy", per_shard=count)
    packer.begin(overwrite=overwrite)
    return packer.pack(say=say, progress=progress)


@final
class _Packer:
    """The packing of one source into one folder."""

    def __init__(self, prepared: PreparedImages, folder: Path, *, encoding: Encoding, per_shard: int) -> None:
        self._prepared, self._folder, self._per_shard = prepared, folder, per_shard
        self._encoding: Encoding = encoding
        source, images = prepared.source, prepared.images
        splits: list[Split] = [source.split] if source.split else ["train", "test"]
        chosen = np.concatenate([prepared.parts.indices(split, limit=source.limit) for split in splits])
        self._order: list[int] = np.sort(chosen).tolist()
        # Content decides again what is held out, but for what was chosen from each split.
        is_chosen = source.split is None and (source.limit is not None or bool(source.only))
        self._is_test = prepared.parts.is_test if is_chosen else images.is_test
        prepared.check_tiles([prepared.corners(index) for index in self._order], self._order)
        numbers = None if images.labels is None else images.labels.numbers
        rows = (
            f"{images.digests[index]} {images.names[index]} {None if numbers is None else numbers[index]}"
            for index in self._order
        )
        content = digest("\n".join([repr(prepared.options), *rows]).encode(errors="surrogatepass"))
        self._plan = {"content": content, "encoding": encoding, "per_shard": per_shard}
        number = -(-len(self._order) // per_shard)
        self._names = [f"shard-{index:06d}.tar" for index in range(number)]

    def begin(self, *, overwrite: bool) -> None:
        """Take hold of the folder: an empty one, or one in which this same packing was stopped.

        Raises:
            OutputError: it holds something else, or what is packed already, and is not to be replaced.
        """
        check_folder(self._folder, use="shards")
        plan = self._folder / PLAN
        goes_on = plan.is_file() and _read_plan(plan) == self._plan
        inside = [path.name for path in self._folder.iterdir()] if self._folder.is_dir() else []
        ours = [name for name in inside if name in (PLAN, INDEX) or is_shard_file(name)]
        others = [name for name in inside if name not in ours and not name.endswith(".part")]
        if others:
            raise OutputError(f"{self._folder} holds something that is no shard; choose another folder with --out")
        if ours and not goes_on and not overwrite:
            raise OutputError(
                f"{self._folder} holds other shards, or such as are packed already; choose another folder, or add "
                "--force to replace them"
            )
        if not goes_on:
            for name in ours:
                (self._folder / name).unlink()
            write_text(plan, json.dumps(self._plan))
        clear_unfinished(self._folder)

    def pack(self, *, say: Callable[[str], None], progress: Progress | None) -> Packed:
        """Write the shards that are not there, and then the index."""
        images = self._prepared.images
        done = whole_shards(self._folder, self._names)
        rows = self._rows(first=len(done) * self._per_shard, progress=progress)
        try:
            for name in self._names[len(done) :]:
                done.append(write_shard(self._folder / name, islice(rows, self._per_shard), encoding=self._encoding))
        except DataError:
            if not done:
                self._leave()
            raise
        failures = [*images.failures, *(failure for shard in done for failure in shard.failures)]
        total = len(self._order) + len(images.failures)
        report_unreadable(failures, total, noun="files", place=self._prepared.source.place, say=say)
        for notice in images.notices:
            say(notice)
        index = ShardIndex(
            source=self._prepared.source.text,
            shape=self._prepared.shape,
            dtype=str(images.dtype),
            encoding=self._encoding,
            options=repr(self._prepared.options),
            classes=None if images.labels is None else images.labels.names,
            shards=tuple(self._names),
        )
        write_text(self._folder / INDEX, index.to_json())
        (self._folder / PLAN).unlink()
        return Packed(
            folder=self._folder,
            images=sum(len(shard.names) for shard in done),
            shards=len(done),
            bytes=sum(shard.bytes for shard in done),
            image_shape=self._prepared.shape,
            left_out=len(failures),
        )

    def _leave(self) -> None:
        """Take the plan away again, and the folder with it where nothing else is in it."""
        (self._folder / PLAN).unlink()
        with contextlib.suppress(OSError):
            self._folder.rmdir()

    def _rows(self, *, first: int, progress: Progress | None) -> Iterator[list[ShardRow] | str]:
        """What each image of the source gives, from the one with this number on; or why it cannot be read."""

        def report(done: int, total: int) -> None:
            if progress is not None:
                progress(first + done, first + total)

        return map_in_order(
            lambda place: self._rows_of(self._order[first + place]), len(self._order) - first, progress=report
        )

    def _rows_of(self, index: int) -> list[ShardRow] | str:
        prepared, images = self._prepared, self._prepared.images
        corners = prepared.corners(index)
        rows = prepared.rows(index, corners)
        if isinstance(rows, str):
            return f"{images.names[index]} ({rows})"
        own = images.digests[index]
        return [
            ShardRow(
                name=name,
                digest=own if corner is None else digest(f"{own}@{corner}".encode()),
                group=(images.belongs_to or images.digests)[index],
                label=None if images.labels is None else int(images.labels.numbers[index]),
                is_test=None if self._is_test is None else bool(self._is_test[index]),
                data=stored_form(row.astype(images.dtype), self._encoding),
            )
            for name, corner, row in zip(prepared.row_names(index, corners), corners, rows, strict=True)
        ]


def _read_plan(path: Path) -> object:
    try:
        return json.loads(path.read_text())
    except ValueError:
        return None
