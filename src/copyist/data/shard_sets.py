"""Shards become sets of images that are read as far as they are asked for."""

__all__ = ["shard_sets"]

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from copyist.data.examples import ExampleSet
from copyist.data.groups import groups_of_names
from copyist.data.labels import ClassLabels
from copyist.data.parts import Split, digest
from copyist.data.shard_array import ShardArray
from copyist.data.shards import Shard, read_index
from copyist.data.source import IMAGE_OPTIONS, TABLE_OPTIONS, Source, check_unset
from copyist.data.source_parts import of_classes, parts_of


def shard_sets(
    source: Source, index_file: Path, parts: Sequence[Split], *, say: Callable[[str], None]
) -> list[ExampleSet]:
    """The requested splits of what is packed in shards; nothing of it is read yet.

    They are those of the source that was packed, with the same fingerprints, where each of its files could be read.

    Args:
        source: what is read.
        index_file: of the shards.
        parts: the splits that are wanted.
        say: takes notices, each one sentence.

    Raises:
        ArgumentError: an option would change the images, which are packed as they are.
        DataError: the index is damaged or of a newer version, or a shard is missing or truncated.
    """
    options = (*IMAGE_OPTIONS, "key", *TABLE_OPTIONS)
    check_unset(source, options, kind="what is packed into shards", got="shards, whose images are packed already")
    index, shards = read_index(index_file)
    digests = [each for shard in shards for each in shard.digests]
    groups = [each for shard in shards for each in shard.groups or shard.digests]
    names = [each for shard in shards for each in shard.names]
    is_test = _column(shards, lambda shard: shard.is_test)
    numbers = _column(shards, lambda shard: shard.labels)
    labels = None
    if numbers is not None and index.classes is not None:
        labels = ClassLabels(numbers=numbers.astype(np.int64), names=index.classes)
    belong = groups_of_names(names, source)
    split = parts_of(groups, None if is_test is None else is_test.astype(np.bool_), source, groups=belong)
    split = of_classes(split, labels, source)
    whole = ShardArray(index_file.parent, index, shards)
    sets: list[ExampleSet] = []
    for part in parts:
        rows = split.indices(part, limit=source.limit)
        sets.append(
            ExampleSet(
                source=source.text,
                # It has of an array what a set needs of one.
                array=cast("npt.NDArray[Any]", whole.take(rows)),
                names=tuple(names[row] for row in rows),
                groups=None if belong is None else tuple(belong[row] for row in rows),
                labels=None if labels is None else labels.numbers[rows],
                classes=None if labels is None else labels.names,
                fingerprint=digest("\n".join([index.options, *(digests[row] for row in rows)]).encode()),
            )
        )
    left_out = sum(len(shard.failures) for shard in shards)
    if left_out:
        say(f"{left_out} files of {index.source} could not be read when it was packed, and are not in {source.place}")
    return sets


def _column(shards: Sequence[Shard], column: Callable[[Shard], Sequence[int] | None]) -> npt.NDArray[np.int64] | None:
    """A column of all shards, or None where they have none."""
    found = [column(shard) for shard in shards]
    values = [value for each in found if each is not None for value in each]
    return None if any(each is None for each in found) else np.array(values, dtype=np.int64)
