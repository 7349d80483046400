"""Tables as examples: each row is one, and each column a number in units of its own."""

__all__ = ["class_labels", "is_table", "open_table", "open_whole", "read_table", "table_sets"]

from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import torch

from copyist.data.embedded import cancer_table
from copyist.data.examples import ExampleSet
from copyist.data.groups import groups_of_rows
from copyist.data.labels import ClassLabels
from copyist.data.learned_columns import LearnedColumns, find_name, learned_columns
from copyist.data.parts import Split, digest, fingerprint
from copyist.data.source import IMAGE_OPTIONS, Source, check_unset, parse_source
from copyist.data.source_parts import of_classes, parts_of
from copyist.errors import DataError
from copyist.files.bulk import ignore
from copyist.files.stored_table import Column, StoredTable
from copyist.files.table_files import TableFile, holds_table, read_table_file


def table_sets(
    source: Source,
    parts: Sequence[Split],
    *,
    without: Path | None = None,
    columns: Sequence[str] = (),
    say: Callable[[str], None] = ignore,
) -> list[ExampleSet]:
    """The requested splits of a table. A tenth of the distinct rows is held out, unless the file has splits.

    Args:
        source: that `is_table`.
        parts: the splits.
        without: a file or folder in it that is no data, such as where results go.
        columns: those that a model was trained on; the same are taken, in this order. Without any, all are taken but
            row numbers, and what is constant over the training rows.
        say: takes notices, each one sentence.

    Raises:
        DataError: the table cannot be read, or holds what is no finite number.
        UnknownNameError: it has no such column.
        ArgumentError: an option is one of images.
        ShapeError: it has not the columns that the model was trained on.
    """
    check_unset(source, IMAGE_OPTIONS, kind="images", got="a table")
    table = read_table(source, without=without)
    learned = learned_columns(table, source, columns)
    whole = _told_apart(table, source) if columns else _varying(learned, source)
    learned = learned if columns else whole or learned
    labels, groups = class_labels(table, source), groups_of_rows(table, source)
    digests = [digest(row.tobytes()) for row in (whole or learned).values]
    notes, splits = list(table.notes), table.is_test
    if whole is None and splits is None and set(parts) != {"all"}:
        notes.append(f"{source.place}: rows are held out by the model's columns alone, since others are no numbers")
    del table, whole  # Its cells take more than all that follows.
    split = of_classes(parts_of(digests, splits, source, groups=groups), labels, source)
    if not columns:
        learned = learned.without_constants(split.indices("train", limit=source.limit), place=source.place)
    for sentence in (*notes, *learned.notices(source.place)):
        say(sentence)
    sets: list[ExampleSet] = []
    for part in parts:
        rows = split.indices(part, limit=source.limit)
        sets.append(
            ExampleSet(
                source=source.text,
                array=learned.values[rows],
                names=tuple(f"{row:06d}" for row in rows.tolist()),
                groups=None if groups is None else tuple(groups[row] for row in rows.tolist()),
                labels=None if labels is None else labels.numbers[rows],
                classes=None if labels is None else labels.names,
                columns=learned.names,
                kinds=learned.kinds,
                left_out=learned.left_out,
                fingerprint=fingerprint([digests[row] for row in rows.tolist()], *learned.names),
            )
        )
    return sets


def is_table(source: Source, *, without: Path | None = None) -> bool:
    """Whether a source is a table: judged by its name, and of arrays by their headers; `without` as in `table_sets`.

    Raises:
        DataError: it is an array file that cannot be read.
        UnknownNameError: it has no array of the requested name.
    """
    if source.is_embedded or source.is_hub:
        return source.place == "cancer"
    return holds_table(source.place, key=source.key, without=without)


def read_table(source: Source, *, without: Path | None = None, by_split: bool = True) -> StoredTable:
    """All columns of a source that `is_table`; `without` and `by_split` as in `read_table_file`.

    Raises:
        DataError: it cannot be read, holds no rows, or two columns of one name.
    """
    if source.is_embedded:
        return cancer_table()
    return read_table_file(
        source.place,
        key=source.key,
        header=source.header,
        decimal=source.decimal,
        without=without,
        by_split=by_split,
    )


def open_table(text: str, *, columns: Sequence[str] = (), say: Callable[[str], None] = ignore) -> TableFile:
    """A table for a verb that writes it again: all its rows, in their order.

    Args:
        text: a source.
        columns: those that a model was trained on; without any, all are taken but row numbers.
        say: takes notices, each one sentence.

    Raises:
        DataError: it is no table, cannot be read, or holds what is no finite number.
        UnknownNameError: it has no such column.
        ArgumentError: an option is one of images, or takes a part of the rows.
        ShapeError: it has not the columns that the model was trained on.
    """
    table, source = open_whole(text)
    learned = learned_columns(table, source, columns)
    for sentence in (*table.notes, *learned.notices(source.place)):
        say(sentence)
    name = f"{source.place}.csv" if source.is_embedded else PurePath(source.place).name
    return TableFile(name=name, columns=learned.names, x=torch.from_numpy(learned.values), stored=table)


def open_whole(text: str) -> tuple[StoredTable, Source]:
    """All rows of a table, in their order, for a verb that needs every one.

    Raises:
        DataError: it is no table, or cannot be read.
        ArgumentError: an option is one of images, or takes a part of the rows.
        UnknownNameError: there is no such source or option.
    """
    source = parse_source(text)
    if not source.is_embedded and not Path(source.place).exists():
        raise DataError(f"there is no file {source.place}; give a table in .csv, .parquet, .npy or .npz")
    if not is_table(source):
        raise DataError(f"{source.place} must be a table for this model; give one in .csv, .parquet, .npy or .npz")
    check_unset(
        source,
        (*IMAGE_OPTIONS, "split", "limit", "test", "split_seed", "calibration", "only"),
        kind="images and training",
        got="a table taken whole",
    )
    return read_table(source, by_split=False), source


def class_labels(table: StoredTable, source: Source) -> ClassLabels | None:
    """The classes of all rows, from a column or from beside the table; None where there are none.

    Raises:
        DataError: a row has no class, or one that is neither a text nor a whole number.
        UnknownNameError: there is no such column.
    """
    if source.label is None:
        return None if table.labels is None else ClassLabels.of(table.labels, what=f"labels of {source.place}")
    column = table.columns[find_name(source.label, table, f"label= of {source.place}")]
    _check_named(column, source)
    return ClassLabels.of(
        column,
        what=f"labels in column {source.label!r} of {source.place}",
        remedy="name another column, or leave label= out",
    )


def _told_apart(table: StoredTable, source: Source) -> LearnedColumns | None:
    """What training tells rows apart by, whichever of it a model then saw: so each row is in the same split again.

    None where a column that the model does not see cannot be read.
    """
    try:
        return _varying(learned_columns(table, source), source)
    except DataError:
        return None


def _varying(learned: LearnedColumns, source: Source) -> LearnedColumns:
    """Without what is constant over all rows, so that such a column moves no row to another split."""
    return learned.without_constants(np.arange(len(learned.values)), place=source.place)


def _check_named(column: Column, source: Source) -> None:
    missing = [row for row, cell in enumerate(column.tolist()) if _is_missing(cell)]
    if missing:
        raise DataError(
            f"labels in column {source.label!r} of {source.place} must stand in all {len(column)} rows, got none in "
            f"{len(missing)} of them, the first of which is row {missing[0]}; fill these cells, remove their rows, or "
            "leave label= out"
        )


def _is_missing(cell: Any) -> bool:
    """Whether a class is empty, which files write as None or NaN."""
    return cell is None or cell != cell or not str(cell).strip()
