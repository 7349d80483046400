"""Tables as examples: each row is one, and each column a number in units of its own."""

__all__ = ["is_table", "open_table", "read_table", "table_sets"]

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from copyist.checks import nearest_match
from copyist.data.embedded import cancer_table
from copyist.data.examples import ExampleSet
from copyist.data.labels import ClassLabels
from copyist.data.parts import Split, digest, fingerprint
from copyist.data.source import IMAGE_OPTIONS, Source, check_unset, parse_source, parts_of
from copyist.errors import DataError, UnknownNameError
from copyist.files.delimited import has_decimal_comma, is_number
from copyist.files.table_files import Column, StoredTable, TableFile, holds_table, read_table_file


def table_sets(source: Source, parts: Sequence[Split]) -> list[ExampleSet]:
    """The requested splits of a table. A tenth of the distinct rows is held out, unless the file has splits.

    Raises:
        DataError: the table cannot be read, or holds what is no finite number.
        UnknownNameError: it has no such column.
        ArgumentError: an option is one of images.
    """
    check_unset(source, IMAGE_OPTIONS, kind="images", got="a table")
    table = read_table(source)
    columns, values = _values(table, source)
    labels = _labels(table, source)
    digests = [digest(row.tobytes()) for row in values]
    split = parts_of(digests, table.is_test, source)
    sets: list[ExampleSet] = []
    for part in parts:
        rows = split.indices(part, limit=source.limit)
        sets.append(
            ExampleSet(
                source=source.text,
                array=values[rows],
                names=tuple(f"{row:06d}" for row in rows),
                labels=None if labels is None else labels.numbers[rows],
                classes=None if labels is None else labels.names,
                columns=columns,
                fingerprint=fingerprint([digests[row] for row in rows], *columns),
            )
        )
    return sets


def is_table(source: Source) -> bool:
    """Whether a source is a table: judged by its name, and of arrays by their headers.

    Raises:
        DataError: it is an array file that cannot be read, or a table that is compressed.
        UnknownNameError: it has no array of the requested name.
    """
    return source.place == "cancer" if source.is_embedded else holds_table(source.place, key=source.key)


def read_table(source: Source) -> StoredTable:
    """All columns of a source that `is_table`.

    Raises:
        DataError: it cannot be read, holds no rows, or two columns of one name.
        MissingExtraError: it is a Parquet file, and pyarrow is not installed.
    """
    if source.is_embedded:
        return cancer_table()
    return read_table_file(source.place, key=source.key, header=source.header)


def open_table(text: str) -> TableFile:
    """A table for a verb that writes it again: all its rows, in their order.

    Raises:
        DataError: it is no table, cannot be read, or holds what is no finite number.
        UnknownNameError: it has no such column.
        ArgumentError: an option is one of images, or takes a part of the rows.
    """
    source = parse_source(text)
    if not source.is_embedded and not Path(source.place).is_file():
        raise DataError(f"there is no file {source.place}; give a table in .csv, .parquet, .npy or .npz")
    if not is_table(source):
        raise DataError(f"{source.place} must be a table for this model; give one in .csv, .parquet, .npy or .npz")
    check_unset(
        source,
        (*IMAGE_OPTIONS, "split", "limit", "test", "split_seed", "calibration"),
        kind="images and training",
        got="a table to write again",
    )
    table = read_table(source)
    columns, values = _values(table, source)
    name = f"{source.place}.csv" if source.is_embedded else PurePath(source.place).name
    return TableFile(name=name, columns=columns, x=torch.from_numpy(values), stored=table)


def _values(table: StoredTable, source: Source) -> tuple[tuple[str, ...], npt.NDArray[np.float32]]:
    """The columns to learn from: their names, and their values (N, D)."""
    for option, name in [("label", source.label), *(("drop", name) for name in source.drop)]:
        if name is not None:
            _check_column(name, table, f"{option}= of {source.place}")
    kept = {name: column for name, column in table.columns.items() if name not in source.drop and name != source.label}
    if not kept:
        raise DataError(
            f"{source.place} must have a column of numbers to learn from, and none is left; drop fewer by ?drop="
        )
    _check_numbers(kept, source)
    # What is too large for 32 bits becomes infinite, and is refused as such; the sum makes -0 a 0, which it equals.
    with np.errstate(over="ignore"):
        values = np.stack([column.astype(np.float32) for column in kept.values()], axis=1) + np.float32(0)
    if not len(values):
        raise DataError(f"{source.place} must hold at least one row of numbers, and holds none; add rows")
    _check_finite(tuple(kept), values, source)
    return tuple(kept), values


def _check_column(name: str, table: StoredTable, what: str) -> None:
    if name not in table.columns:
        raise UnknownNameError(
            f"{what} must name a column, and there is none called {name!r}; {nearest_match(name, table.columns)}"
        )


def _check_numbers(columns: Mapping[str, Column], source: Source) -> None:
    texts = [name for name, column in columns.items() if column.dtype.kind not in "buif"]
    if not texts:
        return
    cells = columns[texts[0]]
    row = next((row for row, cell in enumerate(cells) if not _is_number(cell)), 0)
    drop = ",".join(texts)
    if has_decimal_comma(str(cells[row])):
        raise DataError(
            f"columns of {source.place} must hold numbers with a decimal point, got the decimal comma of "
            f"{str(cells[row])!r} in row {row + 1} of {_quote(texts)}; write points instead"
        )
    raise DataError(
        f"columns of {source.place} must hold numbers, got {str(cells[row])!r} in row {row + 1} of {_quote(texts)}; "
        f"leave {'it' if len(texts) == 1 else 'them'} out by ?drop={drop}, or name the one of classes by "
        f"?label={texts[0]}"
    )


def _check_finite(names: Sequence[str], values: npt.NDArray[np.float32], source: Source) -> None:
    counts = (~np.isfinite(values)).sum(0)
    wrong = [name for name, count in zip(names, counts, strict=True) if count]
    if wrong:
        held = ", ".join(f"{count} in {name!r}" for name, count in zip(names, counts, strict=True) if count)
        raise DataError(
            f"{source.place} must hold finite numbers in all {len(values)} rows, got NaN, infinite or none: {held}; "
            f"fill these cells, remove their rows, or leave the column out by ?drop={','.join(wrong)}"
        )


def _labels(table: StoredTable, source: Source) -> ClassLabels | None:
    """The classes of all rows, from a column or from beside the table."""
    if source.label is None:
        return None if table.labels is None else ClassLabels.of(table.labels, what=f"labels of {source.place}")
    column = table.columns[source.label]
    _check_named(column, source)
    return ClassLabels.of(
        column,
        what=f"labels in column {source.label!r} of {source.place}",
        remedy="name another column, or leave label= out",
    )


def _check_named(column: Column, source: Source) -> None:
    missing = [row for row, cell in enumerate(column.tolist(), start=1) if _is_missing(cell)]
    if missing:
        raise DataError(
            f"labels in column {source.label!r} of {source.place} must stand in all {len(column)} rows, got none in "
            f"{len(missing)} of them, the first of which is row {missing[0]}; fill these cells, remove their rows, or "
            "leave label= out"
        )


def _is_missing(cell: Any) -> bool:
    """Whether a class is empty, which files write as None or NaN."""
    return cell is None or cell != cell or not str(cell).strip()


def _is_number(cell: Any) -> bool:
    return isinstance(cell, (int, float)) or is_number(str(cell))


def _quote(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))
