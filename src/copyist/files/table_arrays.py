"""Arrays as tables: one in `.npy`, or one or two splits in `.npz`, and the way back."""

__all__ = ["read_array", "read_arrays", "table_keys", "table_of_array"]

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

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
from copyist.files.arrow import pa
from copyist.files.parquet import texts_of
from copyist.files.readings import Reading, Values, read_numbers
from copyist.files.stored_table import LazyColumns, StoredTable
from copyist.outputs import whole_file


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
        columns=LazyColumns(names, lambda name: array[:, places[name]]),
        readings=LazyColumns(names, read),
        texts=LazyColumns(
            names, lambda name: texts_of(pa.chunked_array([pa.array(array[:, places[name]], from_pandas=True)]))
        ),
        rewrite=rewrite,
        **beside,
    )


def read_array(path: Path) -> StoredTable:
    """The table of an `.npy` file.

    Raises:
        DataError: it is no array of numbers, or holds no rows.
    """
    array = npy_array(path)

    def rewrite(new: Mapping[str, Values], to: Path) -> None:
        with whole_file(to) as temporary, temporary.open("wb") as file:
            np.save(file, _stack_columns(array, new), allow_pickle=False)

    return table_of_array(array, _array_names(array, path), rewrite)


def read_arrays(place: str, key: str | None) -> StoredTable:
    """The table, or both splits of one, of an `.npz` file; `key` names the array that is meant.

    Raises:
        DataError: the arrays do not fit one another, or hold no numbers.
    """
    path = Path(place)
    arrays, keys = npz_arrays(path), table_keys(place, key)
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


def table_keys(place: str, key: str | None) -> list[str]:
    """The arrays of an `.npz` that are a table, or its two splits; none where it holds images.

    Raises:
        UnknownNameError: it has no array of the name `key`.
    """
    shapes = npz_shapes(Path(place))
    if key is not None:
        check_choice(f"array in {place}", key, shapes)
        return [key] if len(shapes[key]) == 2 else []
    if any(len(shape) in (3, 4) for shape in shapes.values()):
        return []
    tables = [key for key, shape in shapes.items() if len(shape) == 2 and not is_label_name(key)]
    pair = train_and_test(tables)
    return pair or [key for key in tables if key.lower() == "x" or len(tables) == 1]


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
