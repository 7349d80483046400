"""Table files as they are: named columns of numbers or texts, and the way back into a file of the same kind."""

__all__ = [
    "Column",
    "StoredTable",
    "TableFile",
    "holds_table",
    "read_table_file",
    "table_of_array",
    "table_of_cells",
]

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar, final

import numpy as np
import numpy.typing as npt

from copyist.checks import check_choice
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
from copyist.files.arrow import pa, pc
from copyist.files.delimited import ENDINGS, Delimited, HeaderLine, read_delimited
from copyist.files.parquet import Parquet, cells_of, read_arrow, read_parquet, texts_of
from copyist.files.readings import Reading, Values, read_numbers
from copyist.files.spellings import Decimal
from copyist.files.table_parts import Parts, find_parts, read_parts
from copyist.files.values import is_far
from copyist.outputs import whole_file
from copyist.tensors import Rows

Column: TypeAlias = npt.NDArray[Any]
"""(N,), numbers or texts."""

_T = TypeVar("_T")


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class StoredTable:
    """A table as its file holds it."""

    columns: Mapping[str, Column]
    """The cells as they are, by name; of a file without names the numbers 0, 1, …"""

    readings: Mapping[str, Reading]
    """The same columns as numbers."""

    texts: Mapping[str, Column | None]
    """The same columns as texts, None where a cell is missing; None where they are neither numbers nor texts."""

    rewrite: Callable[[Mapping[str, Values], Path], None]
    """Writes the same file with some of its columns replaced."""

    index: tuple[str, ...] = ()
    """Columns that number or name the rows, as pandas writes them."""

    decimal: Decimal | None = None
    """What marks decimals in texts, where that was said or proven."""

    notes: tuple[str, ...] = ()
    """What is to be said of it, each one sentence."""

    labels: npt.NDArray[Any] | None = None
    """(N,) whole numbers or texts, where they stand beside the table and not in it."""

    is_test: npt.NDArray[np.bool_] | None = None
    """(N,), where the file has both splits."""

    @property
    def num_rows(self) -> int:
        """N, at least 1."""
        return len(next(iter(self.columns.values())))


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
            return bool(_table_keys(place, key))
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
            return _read_array(path)
        case ".npz":
            return _read_arrays(place, key)
        case ".parquet":
            return _read_parquet(path, decimal)
        case _:
            return _read_text(path, header, decimal)


def table_of_array(array: npt.NDArray[Any], names: Sequence[str], rewrite: Any, **beside: Any) -> StoredTable:
    """A table of an array (N, D) of numbers.

    Args:
        array: the cells.
        names: of its columns.
        rewrite: as `StoredTable.rewrite`.
        beside: labels, and which rows are held out, as in `StoredTable`.
    """
    places = {name: place for place, name in enumerate(names)}
    whole = array.dtype.kind in "iu"

    def read(name: str) -> Reading:
        kind = "boolean, 0 for False and 1 for True" if array.dtype.kind == "b" else "number"
        return read_numbers(array[:, places[name]].astype(np.float64), lambda new: new, kind=kind, whole=whole)

    return StoredTable(
        columns=_Lazy(names, lambda name: array[:, places[name]]),
        readings=_Lazy(names, read),
        texts=_Lazy(
            names, lambda name: texts_of(pa.chunked_array([pa.array(array[:, places[name]], from_pandas=True)]))
        ),
        rewrite=rewrite,
        **beside,
    )


@final
class _Lazy(Mapping[str, _T], Generic[_T]):
    """Values by name, each made when it is first asked for and kept."""

    def __init__(self, names: Sequence[str], make: Callable[[str], _T]) -> None:
        self._names, self._make, self._made = dict.fromkeys(names), make, dict[str, _T]()

    def __getitem__(self, name: str) -> _T:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


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
    readings = _Lazy(names, lambda name: read_arrow(file.cells.column(places[name]), decimal=decimal))

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
        columns=_Lazy(names, cells),
        readings=readings,
        texts=_Lazy(names, lambda name: texts_of(file.cells.column(places[name]))),
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


def _read_array(path: Path) -> StoredTable:
    array = npy_array(path)

    def rewrite(new: Mapping[str, Values], to: Path) -> None:
        with whole_file(to) as temporary, temporary.open("wb") as file:
            np.save(file, _stack_columns(array, new), allow_pickle=False)

    return table_of_array(array, _array_names(array, path), rewrite)


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

    def rewrite(new: Mapping[str, Values], to: Path) -> None:
        both = _stack_columns(array, new)
        parts = np.split(both, [len(tables[0])]) if len(tables) > 1 else [both]
        with whole_file(to) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **(arrays | dict(zip(keys, parts, strict=True))))

    return table_of_array(
        array,
        _array_names(array, path),
        rewrite,
        labels=join_labels(labels),
        is_test=np.arange(len(array)) >= len(tables[0]) if len(tables) > 1 else None,
    )


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


def _array_names(array: npt.NDArray[Any], path: Path) -> tuple[str, ...]:
    if 0 in array.shape:
        raise DataError(f"{path} must hold at least one row of numbers, got an array of shape {array.shape}; add rows")
    if array.dtype.kind not in "buif":
        kind = "real " if array.dtype.kind == "c" else ""
        got = "texts" if array.dtype.kind in "US" else str(array.dtype)
        raise DataError(f"{path} must hold {kind}numbers, got {got}; save it as floats, or a table with texts as .csv")
    return tuple(map(str, range(array.shape[1])))


def _stack_columns(array: npt.NDArray[Any], new: Mapping[str, Values]) -> npt.NDArray[Any]:
    """The array with new columns: floats and flags stay of their type, and whole numbers become floats: of 64 bits
    where a column that stays needs them."""
    kept = {"f": array.dtype, "b": np.dtype(np.bool_)}.get(array.dtype.kind)
    old = [array[:, place] for place in range(array.shape[1]) if str(place) not in new]
    wide = [np.dtype(np.float64) for each in old if (each.astype(np.float32).astype(np.float64) != each).any()]
    dtype = kept or np.result_type(np.float32, *wide, *(values.dtype for values in new.values()))
    columns = (new.get(str(place), array[:, place]) for place in range(array.shape[1]))
    return np.stack([each >= 0.5 if dtype == np.bool_ else each for each in columns], axis=1).astype(dtype)


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
