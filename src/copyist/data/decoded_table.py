"""Rows that a model made, back into a table as people have it: numbers in their units, dates, categories by name."""

__all__ = ["DecodedTable", "decode_rows"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Self, final

import numpy as np
import numpy.typing as npt

from copyist.data.encoded_columns import CategoryColumn, ColumnEncoding, ConstantColumn, Numbers, ScaledColumn
from copyist.data.source import parse_source
from copyist.data.table_columns import TableColumn
from copyist.data.table_encoding import EncodedRows, TableEncoding
from copyist.files.arrow import pa
from copyist.files.bulk import ignore
from copyist.files.delimited import ENDINGS, write_delimited
from copyist.files.values import is_far
from copyist.tensors import Rows


def decode_rows(encoding: TableEncoding, rows: Rows, encoded: EncodedRows) -> dict[str, list[str]]:
    """The cells that rows of a model stand for.

    Numbers, booleans and dates come in the units and the spelling of their column. A category is that with the largest
    number. What no number tells stays as it was given: dates that only order the rows, columns of so many categories
    that the model sees their frequency, and rare categories that share one number; a constant column has its value.
    A cell is empty where the model says that it is missing, if such cells were known to it.

    Args:
        encoding: that has encoded the table.
        rows: (N, D), such as copies of `encoded.rows`.
        encoded: the table.

    Returns:
        By the names of all columns of the table, N texts each, empty where a cell is missing: also of those that the
        encoding left out, as they were given.
    """
    table, place = encoded.columns[0].table, 0
    every = {
        name: TableColumn(name=name, table=table, rows=encoded.columns[0].rows, place="") for name in table.columns
    }
    cells = {name: _given(column) for name, column in every.items()}
    values = rows.detach().cpu().double().numpy()
    for encoder, column in zip(encoding.encoders, encoded.columns, strict=True):
        width = len(encoder.encoded_names)
        cells[column.name] = _decoded(encoder, values[:, place : place + width], column)
        place += width
    return cells


def _decoded(encoder: ColumnEncoding, values: Numbers, column: TableColumn) -> list[str]:
    given = np.array(_given(column), dtype=object)
    match encoder:
        case ScaledColumn():
            found = _spelled(encoder.center + encoder.scale * values[:, 0], column, given)
        case CategoryColumn():
            names = np.array([*encoder.categories, ""], dtype=object)
            best = names[values[:, : len(encoder.categories) + encoder.has_rare].argmax(1)]
            found = np.where(best == "", given, best)
        case ConstantColumn():
            found = np.where(encoder.encode(column).departs, _constant(encoder, column), given)
        case _:
            found = given
    if encoder.has_missing:
        found = np.where(values[:, -1] > 0.5, "", found)
    return [str(cell) for cell in found.tolist()]


def _given(column: TableColumn) -> list[str]:
    texts = column.table.texts[column.name]
    cells: list[Any] = (column.table.columns[column.name] if texts is None else texts)[column.rows].tolist()
    return ["" if cell is None else str(cell) for cell in cells]


def _spelled(numbers: Numbers, column: TableColumn, given: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """In the spelling of the column; as given where that is not known, as of dates whose day may be a month."""
    if column.reading.values is None:
        return given
    cells = column.reading.spell(numbers if is_far(numbers) else numbers.astype(np.float32))
    return np.array([str(cell) for cell in (cells.to_pylist() if hasattr(cells, "to_pylist") else cells)], dtype=object)


def _constant(encoder: ConstantColumn, column: TableColumn) -> str:
    if encoder.value is None:
        return encoder.text or ""
    return str(_spelled(np.array([encoder.value]), column, np.array([""], dtype=object))[0])


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class DecodedTable:
    """A table of the user's as an encoding gives it to a model, and written again with rows that the model made."""

    name: str
    """Of the file to write."""

    encoding: TableEncoding
    encoded: EncodedRows

    @property
    def x(self) -> Rows:
        """(N, D), as the model takes them."""
        return self.encoded.rows

    @classmethod
    def open(cls, text: str, encoding: TableEncoding, *, say: Any = ignore) -> Self:
        """Read a table by its source.

        Raises:
            CopyistError: as `TableEncoding.encode`.
        """
        name = PurePath(parse_source(text).place).name
        ending = next((each for each in (*ENDINGS, ".parquet", ".npy", ".npz") if name.lower().endswith(each)), "")
        bare = name[: len(name) - len(ending)]
        return cls(name=f"{bare}.csv", encoding=encoding, encoded=encoding.encode(text, say=say))

    def write(self, rows: Rows, folder: Path) -> Path:
        """Write the table with these rows (N, D) in place of its own, as CSV; by semicolons where commas mark decimals.

        Raises:
            OutputError: it cannot be written.
        """
        cells: Mapping[str, Sequence[str]] = decode_rows(self.encoding, rows, self.encoded)
        path = folder / self.name
        delimiter = ";" if self.encoding.decimal == "comma" else ","
        write_delimited(path, tuple(cells), [pa.array(column) for column in cells.values()], delimiter=delimiter)
        return path
