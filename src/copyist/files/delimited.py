"""Tables as text: cells parted by commas, semicolons or tabs, with a row of names or without."""

__all__ = [
    "MISSING",
    "Delimited",
    "HeaderLine",
    "has_decimal_comma",
    "is_number",
    "read_delimited",
    "replace_columns",
    "write_delimited",
]

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy.typing as npt

from copyist.errors import DataError
from copyist.outputs import write_text

HeaderLine: TypeAlias = Literal["yes", "no"]
"""Whether the first row of a table names its columns."""

MISSING = frozenset({"", "?", "-", "na", "n/a", "nan", "nil", "none", "null", "#n/a"})
"""Cells, in upper or lower case, that mean a missing number."""


@dataclass(frozen=True, kw_only=True)
class Delimited:
    """The cells of a text file."""

    names: tuple[str, ...] | None
    """Of the columns; None where no row names them."""

    rows: Sequence[Sequence[str]]
    """All of as many cells."""

    delimiter: str
    """What parts the cells."""


def read_delimited(path: Path, *, header: HeaderLine | None = None) -> Delimited:
    """Read a text file of cells.

    Cells are parted by the comma, semicolon or tab, whichever the first line has most of; beside the others a comma
    between two digits is one of decimals. Unless `header` says so, the
    first row is one of names when none of its cells is a number, or one of them stands above a number.

    Raises:
        DataError: it is no such file, is damaged, holds no rows, or rows of several lengths.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        if "\0" in text:
            raise ValueError("NUL")
        delimiter = _delimiter(text.partition("\n")[0])
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        lines = [(reader.line_num, row) for row in reader if row]
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(
            f"{path} must be a table in UTF-8 text, one row per line, and is not, or is damaged; write it again as CSV"
        ) from error
    rows = [row for _, row in lines]
    _check_lengths(lines, path)
    named = _names_columns(rows) if header is None else header == "yes"
    if len(rows) == named:
        raise DataError(f"{path} must hold at least one row of numbers, and holds none; add rows")
    return Delimited(names=tuple(rows[0]) if named else None, rows=rows[named:], delimiter=delimiter)


def write_delimited(path: Path, table: Delimited) -> None:
    """Write cells as text, whole or not at all.

    Raises:
        OutputError: the disk is full, or the place cannot be written.
    """
    with io.StringIO(newline="") as file:
        writer = csv.writer(file, delimiter=table.delimiter, lineterminator="\n")
        if table.names is not None:
            writer.writerow(table.names)
        writer.writerows(table.rows)
        write_text(path, file.getvalue())


def replace_columns(table: Delimited, names: Sequence[str], new: Mapping[str, npt.NDArray[Any]]) -> Delimited:
    """The same cells but for columns of new numbers, each in the fewest digits that tell it from its neighbors.

    Args:
        table: the cells.
        names: what all its columns are called here, in their order.
        new: some of the columns, (N,) each, by name.
    """
    cells = list(zip(*table.rows, strict=True))
    columns = [tuple(map(str, new[name])) if name in new else cells[place] for place, name in enumerate(names)]
    return Delimited(names=table.names, rows=list(zip(*columns, strict=True)), delimiter=table.delimiter)


def is_number(cell: str) -> bool:
    """Whether a cell is one number, as people write them: Python's `1_003` is none."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def has_decimal_comma(cell: str) -> bool:
    """Whether a cell is a number written with a comma, such as `0,5`, which is not read as one."""
    return re.fullmatch(r"\s*[+-]?\d*,\d+\s*", cell) is not None


def _delimiter(line: str) -> str:
    plain = re.sub(r"(?<=\d),(?=\d)", "", line) if {";", "\t"} & set(line) else line
    return max(",;\t", key=plain.count)


def _check_lengths(lines: Sequence[tuple[int, Sequence[str]]], path: Path) -> None:
    lengths = [len(row) for _, row in lines]
    others = set(lengths[1:])
    if len(lines) > 2 and len(others) == 1 and lengths[0] not in others:
        raise DataError(
            f"rows of {path} must all have as many cells, got {lengths[0]} in line {lines[0][0]} and {lengths[1]} in "
            "all others; remove that line, or repair it"
        )
    for number, row in lines:
        if len(row) != lengths[0]:
            raise DataError(
                f"rows of {path} must all have {lengths[0]} cells, as the first has, got {len(row)} in line "
                f"{number}; repair that line"
            )


def _names_columns(rows: Sequence[Sequence[str]]) -> bool:
    if not rows:
        return False
    first = [_kind(cell) for cell in rows[0]]
    if "number" not in first and "text" in first:
        return True
    second = [_kind(cell) for cell in rows[1]] if len(rows) > 1 else first
    return ("text", "number") in zip(first, second, strict=True)


def _kind(cell: str) -> str:
    if cell.strip().lower() in MISSING:
        return "missing"
    return "number" if is_number(cell) or has_decimal_comma(cell) else "text"
