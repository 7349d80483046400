"""Tables that are in memory: data frames of any library, tables of Arrow, mappings of columns, arrays of numbers."""

__all__ = ["Frame", "table_of_frame"]

from collections.abc import Mapping
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from copyist.errors import DataError
from copyist.files.arrow import Cells, pa
from copyist.files.parquet import Parquet
from copyist.files.stored_table import StoredTable
from copyist.files.table_arrays import table_of_array
from copyist.files.table_cells import table_of_cells

Frame: TypeAlias = Any
"""A pandas DataFrame; what gives Arrow streams, such as a pyarrow Table or a polars DataFrame; a mapping of names to
columns, or to the cells of one row; or numbers (N, D) of NumPy or PyTorch."""

_KINDS = "a data frame, a pyarrow table, a mapping of columns or an array (N, D)"


def table_of_frame(frame: Frame, *, place: str = "the table") -> StoredTable:
    """A table of what is in memory, as one of a file; NaN in a column of texts is a missing cell.

    Args:
        frame: see `Frame`.
        place: what refusals call it.

    Raises:
        DataError: it is none of these, or holds no rows or two columns of one name.
    """
    if isinstance(frame, StoredTable):
        return frame
    try:
        cells = _cells(frame)
    except (pa.ArrowException, ValueError) as error:
        raise DataError(f"{place} must have columns of as many cells each, and has not ({error}); repair it") from error
    if cells is None:
        return _of_numbers(frame, place)
    file = Parquet(cells=cells, index=(), compression="snappy", rows_per_group=max(cells.num_rows, 1))
    return table_of_cells(file, cells.column_names, decimal=None, place=place)


def _cells(frame: Frame) -> Cells | None:
    """A table of Arrow; None where it is none of columns with names."""
    if isinstance(frame, Mapping):
        columns = {str(name): _column(cells) for name, cells in cast("Mapping[Any, Any]", frame).items()}
        return pa.table(columns)
    if hasattr(frame, "iloc") and hasattr(frame, "columns"):
        names = [str(name) for name in frame.columns]
        return pa.Table.from_arrays([_column(frame.iloc[:, place]) for place in range(len(names))], names=names)
    if hasattr(frame, "__arrow_c_stream__"):
        return pa.table(frame)
    return None


def _column(cells: Any) -> Cells:
    """A column of Arrow; of several types it becomes one of texts."""
    if isinstance(cells, str | bytes | int | float) or cells is None or np.ndim(cells) == 0:
        cells = [cells]
    values = cells.detach().cpu().numpy() if hasattr(cells, "detach") else cells
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if cell is None or cell != cell else str(cell) for cell in values])


def _of_numbers(frame: Frame, place: str) -> StoredTable:
    array: npt.NDArray[Any] = np.asarray(frame.detach().cpu() if hasattr(frame, "detach") else frame)
    if array.ndim != 2 or 0 in array.shape or array.dtype.kind not in "buif":
        got = f"{array.dtype} of shape {array.shape}" if array.dtype != object else type(frame).__name__
        raise DataError(f"{place} must be {_KINDS} of numbers, and have a row, got {got}; give one row as x[None]")

    def refuse(*_: Any) -> None:
        raise DataError(f"{place} is in memory, and in no file to be written again")

    return table_of_array(array, tuple(map(str, range(array.shape[1]))), refuse)
