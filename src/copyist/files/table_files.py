"""Table files as they are: named columns of numbers or texts, and the way back into a file of the same kind."""

__all__ = ["Column", "StoredTable", "TableFile", "holds_table", "read_table_file"]

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, final

import numpy as np
import numpy.typing as npt
import torch

from copyist.checks import check_choice, require
from copyist.errors import DataError
from copyist.files.array_files import (
    is_label_name,
    join_labels,
    labels_beside,
    npy_array,
    npz_arrays,
    npz_shapes,
    train_and_test,
)
from copyist.files.delimited import MISSING, HeaderLine, is_number, read_delimited, replace_columns, write_delimited
from copyist.outputs import whole_file
from copyist.tensors import Rows

Column: TypeAlias = npt.NDArray[Any]
"""(N,), numbers or texts."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class StoredTable:
    """A table as its file holds it."""

    columns: Mapping[str, Column]
    """By name; of a file without names the numbers 0, 1, …"""

    rewrite: Callable[[Mapping[str, Column], Path], None]
    """Writes the same file with some of its columns replaced."""

    labels: npt.NDArray[Any] | None = None
    """(N,) whole numbers or texts, where they stand beside the table and not in it."""

    is_test: npt.NDArray[np.bool_] | None = None
    """(N,), where the file has both splits."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class TableFile:
    """A table of the user's whose rows a model sees, and that is written again in its own format."""

    name: str
    """Of the file to write."""

    columns: tuple[str, ...]
    """What the D columns that the model sees are called."""

    x: Rows
    """(N, D), in the order of the file."""

    stored: StoredTable
    """The table as its file holds it, with the columns that the model does not see."""

    def write(self, x_hat: Rows, folder: Path) -> Path:
        """Write the table with these rows (N, D) in place of its own; labels and columns left out stay as they were.

        Raises:
            OutputError: it cannot be written.
        """
        values = x_hat.detach().to("cpu", torch.float32).numpy()
        path = folder / self.name
        self.stored.rewrite({name: values[:, place] for place, name in enumerate(self.columns)}, path)
        return path


def holds_table(place: str, *, key: str | None = None) -> bool:
    """Whether a file is a table: judged by the ending of its name, and of arrays by their headers.

    Args:
        place: the path, as the user wrote it.
        key: which array of an `.npz` is meant.

    Raises:
        DataError: it is an array file that cannot be read, or a table that is compressed.
        UnknownNameError: it has no such array.
    """
    path = Path(place)
    if path.is_dir():
        return False
    match path.suffix.lower():
        case ".csv" | ".tsv" | ".parquet":
            return True
        case ".gz" if path.with_suffix("").suffix.lower() in (".csv", ".tsv"):
            raise DataError(f"{path} is a packed table, which is not read as it is; unpack it")
        case ".npy":
            return npy_array(path).ndim == 2
        case ".npz":
            return bool(_table_keys(place, key))
        case _:
            return False


def read_table_file(place: str, *, key: str | None = None, header: HeaderLine | None = None) -> StoredTable:
    """Read a file that `holds_table`.

    Args:
        place: the path, as the user wrote it.
        key: which array of an `.npz` is meant.
        header: whether the first row of a text file names its columns; None judges by its cells.

    Raises:
        DataError: it cannot be read, holds no rows, or two columns of one name.
        MissingExtraError: it is a Parquet file, and pyarrow is not installed.
    """
    path = Path(place)
    match path.suffix.lower():
        case ".npy":
            return _read_array(path)
        case ".npz":
            return _read_arrays(place, key)
        case ".parquet":
            return _read_parquet(path)
        case _:
            return _read_text(path, header)


def _read_text(path: Path, header: HeaderLine | None) -> StoredTable:
    text = read_delimited(path, header=header)
    names = _name_columns(text.names or (), count=len(text.rows[0]), path=path)
    columns = {name: _parse(cells) for name, cells in zip(names, zip(*text.rows, strict=True), strict=True)}
    return StoredTable(columns=columns, rewrite=lambda new, to: write_delimited(to, replace_columns(text, names, new)))


def _read_array(path: Path) -> StoredTable:
    array = npy_array(path)

    def rewrite(new: Mapping[str, Column], to: Path) -> None:
        with whole_file(to) as temporary, temporary.open("wb") as file:
            np.save(file, _stack_columns(array, new), allow_pickle=False)

    return StoredTable(columns=_columns(array, path), rewrite=rewrite)


def _read_arrays(place: str, key: str | None) -> StoredTable:
    path = Path(place)
    arrays, keys = npz_arrays(path), _table_keys(place, key)
    tables = [arrays[key] for key in keys]
    if len({table.shape[1] for table in tables}) > 1:
        raise DataError(f"both splits of {path} must have the same columns, and have not; save them again")
    found = [labels_beside(arrays, key) for key in keys]
    labels = [None if each is None else each[1] for each in found]
    for table, each in zip(tables, labels, strict=True):
        if each is not None and len(each) != len(table):
            raise DataError(f"{path} must have one label per row, got {len(each)} for {len(table)}; save it again")
    array = np.concatenate(tables)

    def rewrite(new: Mapping[str, Column], to: Path) -> None:
        both = _stack_columns(array, new)
        parts = np.split(both, [len(tables[0])]) if len(tables) > 1 else [both]
        with whole_file(to) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **(arrays | dict(zip(keys, parts, strict=True))))

    return StoredTable(
        columns=_columns(array, path),
        labels=join_labels(labels),
        is_test=np.arange(len(array)) >= len(tables[0]) if len(tables) > 1 else None,
        rewrite=rewrite,
    )


def _read_parquet(path: Path) -> StoredTable:
    parquet: Any = require("pyarrow.parquet", extra="parquet", purpose=f"reading {path}")
    arrow: Any = require("pyarrow", extra="parquet", purpose=f"reading {path}")
    try:
        table = parquet.read_table(path)
        names = _name_columns(table.column_names, count=table.num_columns, path=path)
        columns = {name: table.column(place).to_numpy() for place, name in enumerate(names)}
    except (OSError, arrow.ArrowException) as error:
        raise DataError(f"{path} must be a Parquet file, and is not, or is damaged; write it again") from error

    def rewrite(new: Mapping[str, Column], to: Path) -> None:
        changed = table
        for place, name in enumerate(names):
            if name in new:
                changed = changed.set_column(place, table.column_names[place], arrow.array(new[name]))
        with whole_file(to) as temporary:
            parquet.write_table(changed, temporary)

    return StoredTable(columns=columns, rewrite=rewrite)


def _name_columns(given: Sequence[str], *, count: int, path: Path) -> tuple[str, ...]:
    """The names of all columns; one without a name has its number, counted from 0."""
    names = tuple(name.strip() or str(place) for place, name in enumerate(given or [""] * count))
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"columns of {path} must have names of their own, got {twice!r} twice; rename one")
    return names


def _columns(array: npt.NDArray[Any], path: Path) -> dict[str, Column]:
    if 0 in array.shape:
        raise DataError(f"{path} must hold at least one row of numbers, got an array of shape {array.shape}; add rows")
    if array.dtype.kind not in "buif":
        kind = "real " if array.dtype.kind == "c" else ""
        got = "texts" if array.dtype.kind in "US" else str(array.dtype)
        raise DataError(f"{path} must hold {kind}numbers, got {got}; save it as floats, or a table with texts as .csv")
    return {str(place): array[:, place] for place in range(array.shape[1])}


def _parse(cells: Sequence[str]) -> Column:
    """Numbers where all cells are such, with NaN where one is missing; else the texts."""
    numbers = ["nan" if cell.strip().lower() in MISSING else cell for cell in cells]
    return np.array(numbers).astype(np.float64) if all(map(is_number, numbers)) else np.array(cells)


def _stack_columns(array: npt.NDArray[Any], new: Mapping[str, Column]) -> npt.NDArray[Any]:
    """The array with new columns: floats stay of their type, and whole numbers become float32."""
    dtype = array.dtype if array.dtype.kind == "f" else np.dtype(np.float32)
    return np.stack([new.get(str(place), array[:, place]) for place in range(array.shape[1])], axis=1).astype(dtype)


def _table_keys(place: str, key: str | None) -> list[str]:
    """The arrays of an `.npz` that are a table, or its two splits; none where it holds images."""
    shapes = npz_shapes(Path(place))
    if key is not None:
        check_choice(f"array in {place}", key, shapes)
        return [key] if len(shapes[key]) == 2 else []
    if any(len(shape) in (3, 4) for shape in shapes.values()):
        return []
    tables = [key for key, shape in shapes.items() if len(shape) == 2 and not is_label_name(key)]
    pair = train_and_test(tables)
    return pair or [key for key in tables if key.lower() == "x" or len(tables) == 1]
