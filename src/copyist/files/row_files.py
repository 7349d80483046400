"""Rows that come from no file, written as a table: text, an array or Parquet."""

__all__ = ["check_row_format", "write_rows"]

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from copyist.errors import OutputError
from copyist.files.arrow import pa
from copyist.files.delimited import write_delimited
from copyist.files.parquet import write_parquet
from copyist.files.spellings import spell_numbers
from copyist.outputs import whole_file
from copyist.tensors import Rows

_DELIMITERS = {".csv": ",", ".tsv": "\t"}


def check_row_format(path: Path) -> None:
    """Refuse a file name whose ending names no format of tables.

    Raises:
        OutputError: the ending is unknown.
    """
    if path.suffix.lower() not in (*_DELIMITERS, ".npy", ".parquet"):
        raise OutputError(
            f"rows of a table are written as .csv, .tsv, .npy or .parquet, got {path.name}; choose one of these"
        )


def write_rows(path: Path, x: Rows, *, columns: Sequence[str]) -> None:
    """Write rows in the format of the file name's ending, whole or not at all.

    Args:
        path: the file.
        x: (B, D), in units of their own.
        columns: what the D columns are called; where they are numbered from 0, text gets no row of names.

    Raises:
        OutputError: the ending is unknown, the disk is full, or the place cannot be written.
    """
    check_row_format(path)
    values, ending = x.detach().cpu().numpy(), path.suffix.lower()
    names = tuple(columns) or tuple(map(str, range(values.shape[1])))
    if ending in _DELIMITERS:
        named = names if names != tuple(map(str, range(len(names)))) else None
        write_delimited(path, named, [spell_numbers(column) for column in values.T], delimiter=_DELIMITERS[ending])
    elif ending == ".parquet":
        write_parquet(path, pa.table(dict(zip(names, values.T, strict=True))))
    else:
        with whole_file(path) as temporary, temporary.open("wb") as file:
            np.save(file, values)
