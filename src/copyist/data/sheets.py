"""Table files as they are: named columns of numbers or texts, and the way back into a file of the same kind."""

__all__ = ["Sheet", "is_sheet", "read_sheet"]

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from copyist.checks import check_choice, require
from copyist.data.arrays import labels_beside, npy_array, npz_arrays, npz_shapes, train_and_test
from copyist.data.source import Source
from copyist.errors import DataError
from copyist.files.delimited import MISSING, Delimited, is_number, read_delimited, write_delimited
from copyist.outputs import whole_file

Column: TypeAlias = npt.NDArray[Any]
"""(N,), numbers or texts."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sheet:
    """A table as its file holds it."""

    columns: Mapping[str, Column]
    """By name; of a file without names the numbers 0, 1, …"""

    rewrite: Callable[[Mapping[str, Column], Path], None]
    """Writes the same file with some of its columns replaced."""

    labels: npt.NDArray[np.int64] | None = None
    """(N,), where they stand beside the table and not in it."""

    is_test: npt.NDArray[np.bool_] | None = None
    """(N,), where the file has both splits."""


def is_sheet(source: Source) -> bool:
    """Whether a source is a table: judged by the ending of its name, and of arrays by their headers.

    Raises:
        DataError: it is an array file that cannot be read, or a table that is packed.
    """
    path = Path(source.place)
    if source.is_embedded or path.is_dir():
        return source.place == "cancer"
    match path.suffix.lower():
        case ".csv" | ".tsv" | ".parquet":
            return True
        case ".gz" if path.with_suffix("").suffix.lower() in (".csv", ".tsv"):
            raise DataError(f"{path} is a packed table, which is not read as it is; unpack it")
        case ".npy":
            return npy_array(path).ndim == 2
        case ".npz":
            return bool(_array_keys(path, source))
        case _:
            return False


def read_sheet(source: Source) -> Sheet:
    """Read a source that `is_sheet`.

    Raises:
        DataError: it cannot be read, holds no rows, or two columns of one name.
        MissingExtraError: it is a Parquet file, and pyarrow is not installed.
    """
    path = Path(source.place)
    if source.is_embedded:
        return _cancer()
    match path.suffix.lower():
        case ".npy":
            return _of_array(npy_array(path), path)
        case ".npz":
            return _of_arrays(path, source)
        case ".parquet":
            return _of_parquet(path)
        case _:
            return _of_text(path, source)


def _cancer() -> Sheet:
    """Measurements of cell nuclei in 569 breast tumors, 212 of them malignant, as they come with scikit-learn."""
    from sklearn.datasets import load_breast_cancer

    found: Any = load_breast_cancer()
    names = [str(name) for name in found.feature_names]
    columns = dict(zip(names, np.asarray(found.data).T, strict=True))
    text = Delimited(names=tuple(names), rows=[list(map(str, row)) for row in found.data], delimiter=",")
    labels = np.asarray(found.target).astype(np.int64)
    return Sheet(
        columns=columns, labels=labels, rewrite=lambda new, to: write_delimited(to, _replaced(text, names, new))
    )


def _of_text(path: Path, source: Source) -> Sheet:
    text = read_delimited(path, header=source.header)
    names = _names(text.names or (), count=len(text.rows[0]), path=path)
    columns = {name: _parsed(cells) for name, cells in zip(names, zip(*text.rows, strict=True), strict=True)}
    return Sheet(columns=columns, rewrite=lambda new, to: write_delimited(to, _replaced(text, names, new)))


def _of_array(array: npt.NDArray[Any], path: Path) -> Sheet:
    def rewrite(new: Mapping[str, Column], to: Path) -> None:
        with whole_file(to) as temporary, temporary.open("wb") as file:
            np.save(file, _stacked(array, new), allow_pickle=False)

    return Sheet(columns=_columns(array, path), rewrite=rewrite)


def _of_arrays(path: Path, source: Source) -> Sheet:
    arrays, keys = npz_arrays(path), _array_keys(path, source)
    tables = [arrays[key] for key in keys]
    if len({table.shape[1] for table in tables}) > 1:
        raise DataError(f"both splits of {path} must have the same columns, and have not; save them again")
    labels = [labels_beside(arrays, key, place=source.place) for key in keys]
    for table, each in zip(tables, labels, strict=True):
        if each is not None and len(each) != len(table):
            raise DataError(f"{path} must have one label per row, got {len(each)} for {len(table)}; save it again")
    known = [each for each in labels if each is not None]
    array = np.concatenate(tables)

    def rewrite(new: Mapping[str, Column], to: Path) -> None:
        both = _stacked(array, new)
        parts = np.split(both, [len(tables[0])]) if len(tables) > 1 else [both]
        with whole_file(to) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **(arrays | dict(zip(keys, parts, strict=True))))

    return Sheet(
        columns=_columns(array, path),
        labels=np.concatenate(known) if len(known) == len(keys) else None,
        is_test=np.arange(len(array)) >= len(tables[0]) if len(tables) > 1 else None,
        rewrite=rewrite,
    )


def _of_parquet(path: Path) -> Sheet:
    parquet: Any = require("pyarrow.parquet", extra="parquet", purpose=f"reading {path}")
    arrow: Any = require("pyarrow", extra="parquet", purpose=f"reading {path}")
    try:
        table = parquet.read_table(path)
        names = _names(table.column_names, count=table.num_columns, path=path)
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

    return Sheet(columns=columns, rewrite=rewrite)


def _names(given: Sequence[str], *, count: int, path: Path) -> tuple[str, ...]:
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


def _parsed(cells: Sequence[str]) -> Column:
    """Numbers where all cells are such, with NaN where one is missing; else the texts."""
    numbers = ["nan" if cell.strip().lower() in MISSING else cell for cell in cells]
    return np.array(numbers).astype(np.float64) if all(map(is_number, numbers)) else np.array(cells)


def _replaced(text: Delimited, names: Sequence[str], new: Mapping[str, Column]) -> Delimited:
    """The same cells but for columns of new numbers, each in the fewest digits that tell it from its neighbors."""
    cells = list(zip(*text.rows, strict=True))
    columns = [tuple(map(str, new[name])) if name in new else cells[place] for place, name in enumerate(names)]
    return Delimited(names=text.names, rows=list(zip(*columns, strict=True)), delimiter=text.delimiter)


def _stacked(array: npt.NDArray[Any], new: Mapping[str, Column]) -> npt.NDArray[Any]:
    """The array with new columns: floats stay of their type, and whole numbers become float32."""
    dtype = array.dtype if array.dtype.kind == "f" else np.dtype(np.float32)
    return np.stack([new.get(str(place), array[:, place]) for place in range(array.shape[1])], axis=1).astype(dtype)


def _array_keys(path: Path, source: Source) -> list[str]:
    """The arrays of an `.npz` that are a table, or its two splits; none where it holds images."""
    shapes = npz_shapes(path)
    if source.key is not None:
        check_choice(f"array in {source.place}", source.key, shapes)
        return [source.key] if len(shapes[source.key]) == 2 else []
    if any(len(shape) in (3, 4) for shape in shapes.values()):
        return []
    tables = [key for key, shape in shapes.items() if len(shape) == 2]
    pair = train_and_test(tables) if len(tables) == 2 else []
    return pair or [key for key in tables if key.lower() == "x" or len(tables) == 1]
