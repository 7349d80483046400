"""Columns of Arrow as a table: their names, their cells, and which of them number the rows."""

__all__ = ["table_of_cells"]

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from copyist.errors import DataError
from copyist.files.arrow import pc
from copyist.files.delimited import Delimited
from copyist.files.parquet import Parquet, cells_of, read_arrow, texts_of
from copyist.files.readings import Reading, Values
from copyist.files.spellings import Decimal
from copyist.files.stored_table import Column, LazyColumns, StoredTable
from copyist.files.table_parts import Parts


def table_of_cells(
    file: Delimited | Parquet | Parts,
    given: Sequence[str],
    *,
    decimal: Decimal | None,
    place: Path | str,
    index: tuple[str, ...] = (),
    is_text: bool = False,
) -> StoredTable:
    """A table of columns of Arrow.

    Args:
        file: that holds the cells and writes them again.
        given: the names of its columns, empty for those without one.
        decimal: what marks decimals in texts; None judges by the cells.
        place: what refusals call it.
        index: columns that number or name the rows.
        is_text: whether the cells were texts.

    Raises:
        DataError: it holds no rows, or two columns of one name.
    """
    if not file.cells.num_rows:
        raise DataError(f"{place} must hold at least one row of numbers, and holds none; add rows")
    names = _name_columns(given, path=place)
    places = {name: number for number, name in enumerate(names)}
    readings = LazyColumns(names, lambda name: read_arrow(file.cells.column(places[name]), decimal=decimal))

    def cells(name: str) -> Column:
        values = readings[name].values
        if is_text and values is not None and readings[name].kind == "number":
            return values
        return cells_of(file.cells.column(places[name]))

    def rewrite(new: Mapping[str, Values], to: Path) -> None:
        file.write({places[name]: (readings[name].spell, values) for name, values in new.items()}, to)

    found = [
        name
        for number, (name, text) in enumerate(zip(names, given, strict=True))
        if _is_unnamed(text, first=number == 0 and is_text and any(given))
        and _tells_rows(readings[name], file.cells.column(number))
    ]
    return StoredTable(
        columns=LazyColumns(names, cells),
        readings=readings,
        texts=LazyColumns(names, lambda name: texts_of(file.cells.column(places[name]))),
        rewrite=rewrite,
        index=tuple(name for name in names if name in found or name in index),
        decimal=decimal,
    )


def _is_unnamed(text: str, *, first: bool) -> bool:
    """Whether a column has no name of its own, such as pandas writes row names into."""
    return (first and not text) or re.fullmatch(r"Unnamed: \d+(\.\d+)*|__index_level_\d+__", text) is not None


def _tells_rows(reading: Reading, cells: Any) -> bool:
    """Whether a column has another whole number, text or date in each row."""
    values = reading.values
    if reading.kind == "number" and values is not None and not (values == np.rint(values)).all():
        return False
    return pc.count_distinct(cells).as_py() == len(cells)


def _name_columns(given: Sequence[str], *, path: Path | str) -> tuple[str, ...]:
    """The names of all columns; one without a name has its number, counted from 0."""
    bare = [name.strip() for name in given]
    taken = set(bare)
    names = [
        name or (str(place) if str(place) not in taken else f"Unnamed: {place}") for place, name in enumerate(bare)
    ]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(
            f"columns of {path} must have names of their own, got {', '.join(map(repr, twice))} twice; rename one"
        )
    return tuple(names)
