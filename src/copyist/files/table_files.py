"""Table files: which files are tables, how each kind is read, and the way back into a file of the same kind."""

__all__ = ["TableFile", "holds_table", "read_table_file"]

from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

import numpy as np

from copyist.files.array_files import npy_array
from copyist.files.delimited import ENDINGS, HeaderLine, read_delimited
from copyist.files.parquet import read_parquet
from copyist.files.readings import Values
from copyist.files.spellings import Decimal
from copyist.files.stored_table import StoredTable
from copyist.files.table_arrays import read_array, read_arrays, table_keys
from copyist.files.table_cells import table_of_cells
from copyist.files.table_parts import Parts, find_parts, read_parts
from copyist.files.values import is_far
from copyist.tensors import Rows


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class TableFile:
    """A table of the user's whose rows a model sees, and that is written again in its own format."""

    name: str
    """Of the file, or the folder of files, to write."""

    columns: tuple[str, ...]
    """What the D columns that the model sees are called."""

    x: Rows
    """(N, D), in the order of the file: 32-bit floats, or 64-bit ones where these are needed to tell values apart."""

    stored: StoredTable
    """The table as its file holds it, with the columns that the model does not see."""

    def write(self, x_hat: Rows, folder: Path) -> Path:
        """Write the table with these rows (N, D) in place of its own; labels and columns left out stay as they were.

        Raises:
            OutputError: it cannot be written.
        """
        values = x_hat.detach().cpu().numpy()
        path = folder / self.name
        new = {name: _shortened(values[:, place]) for place, name in enumerate(self.columns)}
        self.stored.rewrite(new, path)
        return path


def holds_table(place: str, *, key: str | None = None, without: Path | None = None) -> bool:
    """Whether a file is a table, or a folder one in parts: judged by names, and of arrays by their headers.

    Args:
        place: the path, as the user wrote it.
        key: which array of an `.npz` is meant.
        without: a file or folder in it that is no data, such as where results go.

    Raises:
        DataError: it is an array file that cannot be read, or a folder that cannot be opened.
        UnknownNameError: it has no such array.
    """
    path = Path(place)
    if path.is_dir():
        return bool(find_parts(path, without=without).names)
    if path.name.lower().endswith((*ENDINGS, ".parquet")):
        return True
    match path.suffix.lower():
        case ".npy":
            return npy_array(path).ndim == 2
        case ".npz":
            return bool(table_keys(place, key))
        case _:
            return False


def read_table_file(
    place: str,
    *,
    key: str | None = None,
    header: HeaderLine | None = None,
    decimal: Decimal | None = None,
    without: Path | None = None,
    by_split: bool = True,
) -> StoredTable:
    """Read a file that `holds_table`.

    Args:
        place: the path, as the user wrote it.
        key: which array of an `.npz` is meant.
        header: whether the first row of a text file names its columns; None judges by its cells.
        decimal: what marks decimals in texts; None judges by the cells.
        without: as for `holds_table`.
        by_split: of a folder, whether names of its files make splits; those of none are then left out.

    Raises:
        DataError: it cannot be read, holds no rows, or two columns of one name.
    """
    path = Path(place)
    if path.is_dir():
        parts = read_parts(path, header=header, decimal=decimal, without=without, by_split=by_split)
        return _of_parts(parts, path)
    match path.suffix.lower():
        case ".npy":
            return read_array(path)
        case ".npz":
            return read_arrays(place, key)
        case ".parquet":
            return _read_parquet(path, decimal)
        case _:
            return _read_text(path, header, decimal)


def _shortened(values: Values) -> Values:
    """In 32 bits, which is what a model computes in, but for a column that lies so far from 0 that these hold too
    little of its range."""
    return values if is_far(values) else values.astype(np.float32)


def _read_text(path: Path, header: HeaderLine | None, decimal: Decimal | None) -> StoredTable:
    text = read_delimited(path, header=header, decimal=decimal)
    return table_of_cells(text, text.given_names, decimal=text.decimal, place=path, is_text=True)


def _read_parquet(path: Path, decimal: Decimal | None) -> StoredTable:
    file = read_parquet(path)
    return table_of_cells(file, file.cells.column_names, decimal=decimal, place=path, index=file.index)


def _of_parts(parts: Parts, folder: Path) -> StoredTable:
    table = table_of_cells(
        parts, parts.given_names, decimal=parts.decimal, place=folder, index=parts.index, is_text=parts.is_text
    )
    return replace(table, is_test=parts.is_test, notes=parts.notes)
