"""Rows that come from no file, written as a table: text, an array or Parquet."""

__all__ = ["check_row_format", "write_rows"]

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from copyist.checks import require
from copyist.errors import OutputError
from copyist.files.delimited import Delimited, write_delimited
from copyist.outputs import whole_file
from copyist.tensors import Rows

_DELIMITERS = {".csv": ",", ".tsv": "\t"}


def check_row_format(path: Path) -> None:
    """Refuse a file name whose ending names no format of tables, or one that cannot be written here.

    Raises:
        OutputError: the ending is unknown.
        MissingExtraError: it is Parquet, and pyarrow is not installed.
    """
    if path.suffix.lower() not in (*_DELIMITERS, ".npy", ".parquet"):
        raise OutputError(
            f"rows of a table are written as .csv, .tsv, .npy or .parquet, got {path.name}; choose one of these"
        )
    if path.suffix.lower() == ".parquet":
        require("pyarrow.parquet", extra="parquet", purpose=f"writing {path}")


def write_rows(path: Path, x: Rows, *, columns: Sequence[str]) -> None:
    """Write rows in the format of the file name's ending, whole or not at all.

    Args:
        path: the file.
        x: (B, D), in units of their own.
        columns: what the D columns are called; numbers are no names, and text gets no row of them.

    Raises:
        OutputError: the ending is unknown, the disk is full, or the place cannot be written.
        MissingExtraError: it is Parquet, and pyarrow is not installed.
    """
    check_row_format(path)
    values, ending = x.detach().to("cpu").float().numpy(), path.suffix.lower()
    names = tuple(columns) or tuple(map(str, range(values.shape[1])))
    if ending in _DELIMITERS:
        named = names if any(not name.isdigit() for name in names) else None
        # Each number in the fewest digits that tell it from its neighbors.
        rows = [tuple(map(str, row)) for row in values]
        write_delimited(path, Delimited(names=named, rows=rows, delimiter=_DELIMITERS[ending]))
        return
    with whole_file(path) as temporary:
        if ending == ".npy":
            with temporary.open("wb") as file:
                np.save(file, values)
        else:
            arrow: Any = require("pyarrow", extra="parquet", purpose=f"writing {path}")
            parquet: Any = require("pyarrow.parquet", extra="parquet", purpose=f"writing {path}")
            parquet.write_table(arrow.table(dict(zip(names, values.T, strict=True))), temporary)
