"""Parquet files: their columns as numbers, and the way back into the same types."""

__all__ = ["Parquet", "cells_of", "read_arrow", "read_parquet", "texts_of", "write_parquet"]

import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np
import numpy.typing as npt

from copyist.errors import DataError
from copyist.files.arrow import Cells, Spell, pa, pc
from copyist.files.dates import DATE_KIND, days_of, microseconds_of
from copyist.files.readings import Reading, Values, read_numbers, refused
from copyist.files.spellings import Decimal, is_missing, read_texts
from copyist.outputs import whole_file


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Parquet:
    """A Parquet file as it is."""

    cells: Cells
    """(N, D)."""

    index: tuple[str, ...]
    """Columns that pandas wrote its row names into."""

    compression: str
    """Of its first column."""

    rows_per_group: int
    """Of its first group."""

    def write(self, new: Mapping[int, tuple[Spell, Values]], path: Path) -> None:
        """Write the file again with new cells in some of its columns; types stay but those of whole numbers.

        Args:
            new: by the place of the column, how its numbers are spelled, and the numbers (N,).
            path: the file.

        Raises:
            OutputError: the disk is full, or the place cannot be written.
        """
        changed = self.cells
        for place, (spell, values) in new.items():
            field, cells = changed.schema.field(place), spell(values)
            changed = changed.set_column(place, field.with_type(cells.type), cells)
        write_parquet(path, changed, compression=self.compression, rows_per_group=self.rows_per_group)


def read_parquet(path: Path) -> Parquet:
    """Read a Parquet file.

    Raises:
        DataError: it is none, or damaged.
    """
    parquet: Any = importlib.import_module("pyarrow.parquet")
    try:
        file = parquet.ParquetFile(path)
        groups = file.metadata.num_row_groups and file.metadata.num_columns
        first = file.metadata.row_group(0) if groups else None
        return Parquet(
            cells=file.read(),
            index=_index(file.schema_arrow),
            compression=first.column(0).compression.lower() if first else "snappy",
            rows_per_group=max(first.num_rows, 1) if first else 1,
        )
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} must be a Parquet file, and is not, or is damaged; write it again") from error


def write_parquet(path: Path, cells: Cells, *, compression: str = "snappy", rows_per_group: int | None = None) -> None:
    """Write a Parquet file, whole or not at all.

    Raises:
        OutputError: the disk is full, or the place cannot be written.
    """
    parquet: Any = importlib.import_module("pyarrow.parquet")
    with whole_file(path) as temporary:
        parquet.write_table(
            cells,
            temporary,
            compression="none" if compression == "uncompressed" else compression,
            row_group_size=rows_per_group,
        )


def read_arrow(cells: Cells, *, decimal: Decimal | None = None) -> Reading:
    """A column of any type as numbers.

    Args:
        cells: (N,).
        decimal: for texts, what marks decimals, where that is known.
    """
    of, types = cells.type, pa.types
    if types.is_dictionary(of):
        inner = read_arrow(_decoded(cells), decimal=decimal)
        return replace(inner, spell=lambda new: inner.spell(new).dictionary_encode(), is_category=True)
    if types.is_string(of) or types.is_large_string(of) or types.is_string_view(of):
        reading = read_texts(pc.cast(cells, pa.string()), decimal=decimal)
        return replace(reading, spell=lambda new: pc.cast(reading.spell(new), of))
    if types.is_null(of):
        return read_numbers(np.full(len(cells), np.nan), pa.array)
    if types.is_boolean(of):
        return Reading(
            kind="boolean, 0 for False and 1 for True",
            values=_floats(pc.cast(cells, pa.int8())),
            spell=lambda new: pa.array(new >= 0.5),
        )
    if types.is_integer(of):
        return read_numbers(_floats(cells), lambda new: pa.array(new.astype(np.float64)), whole=True)
    if types.is_floating(of):
        return read_numbers(_floats(cells), lambda new: pa.array(new.astype(of.to_pandas_dtype())))
    if types.is_decimal(of):
        return read_numbers(_floats(pc.cast(cells, pa.float64())), lambda new: _decimals(new, of))
    if types.is_temporal(of) and not types.is_interval(of):
        return _read_times(cells)
    return refused(f"values of type {of}")


def cells_of(cells: Cells) -> npt.NDArray[Any]:
    """The cells as they are, as an array (N,) of numbers or of texts; None where one is missing."""
    if pa.types.is_dictionary(cells.type):
        cells = _decoded(cells)
    return cells.to_numpy()


def texts_of(cells: Cells) -> npt.NDArray[Any] | None:
    """The cells as texts (N,) without spaces around them, None where one is missing; None where they are no texts.

    A whole number has no decimals, whatever its type.
    """
    plain = _decoded(cells) if pa.types.is_dictionary(cells.type) else cells
    try:
        texts = pc.utf8_trim_whitespace(pc.cast(plain, pa.string())).to_pylist()
    except pa.ArrowException:
        return None
    return np.array([None if text is None or is_missing(text) else text for text in texts], dtype=object)


def _decoded(cells: Cells) -> Cells:
    """The values that a dictionary stands for."""
    of = cells.type.value_type
    if not pa.types.is_string_view(of):
        return pc.cast(cells, of)
    # As polars gives them, which no cast of dictionaries knows.
    parts = [pc.cast(part.dictionary, pa.string()).take(part.indices) for part in cells.chunks]
    return pa.chunked_array(parts, pa.string())


def _read_times(cells: Cells) -> Reading:
    """Dates and times in days since 1970-01-01; durations and times of day in days."""
    of = cells.type
    since = pa.types.is_timestamp(of) or pa.types.is_date(of)
    if pa.types.is_date(of):
        stamps = pc.cast(pc.cast(cells, pa.timestamp("us")), pa.int64())
    elif pa.types.is_timestamp(of):
        stamps = pc.cast(pc.cast(cells, pa.timestamp("us", of.tz), safe=False), pa.int64())
    elif pa.types.is_time(of):
        stamps = pc.cast(pc.cast(cells, pa.time64("us"), safe=False), pa.int64())
    else:
        stamps = pc.cast(pc.cast(cells, pa.duration("us"), safe=False), pa.int64())
    missing = np.asarray(pc.is_null(stamps).to_numpy(), dtype=np.bool_)
    values = np.where(missing, np.nan, days_of(np.asarray(pc.fill_null(stamps, 0).to_numpy(), dtype=np.int64)))
    return Reading(
        kind=DATE_KIND if since else "time, in days", values=values, spell=lambda new: _times(new, of), is_exact=True
    )


def _times(days: Values, of: Any) -> Cells:
    day = 86_400_000_000
    if pa.types.is_date(of):
        return pc.cast(pa.array(microseconds_of(days, step=day), pa.timestamp("us")), of)
    if pa.types.is_timestamp(of):
        stamps = pa.array(microseconds_of(days, step=_step(of)), pa.int64())
        return pc.cast(pc.cast(stamps, pa.timestamp("us", of.tz)), of)
    if pa.types.is_time(of):
        days = np.clip(days, 0, 1 - 1 / day)
    whole = pa.array(np.rint(days * (day / _step(of))).astype(np.int64) * _step(of))
    return pc.cast(pc.cast(whole, pa.time64("us") if pa.types.is_time(of) else pa.duration("us")), of)


def _step(of: Any) -> int:
    """Microseconds in the unit of a type."""
    return {"s": 1_000_000, "ms": 1000, "us": 1, "ns": 1}[of.unit]


def _decimals(values: Values, of: Any) -> Cells:
    """Numbers rounded to the digits that a type of decimals has, within what it holds."""
    bound = 10.0 ** (of.precision - of.scale) - 10.0**-of.scale
    within = np.clip(values.astype(np.float64), -bound, bound)
    return pc.cast(pa.array([f"{value:.{max(of.scale, 0)}f}" for value in within.tolist()]), of)


def _floats(cells: Cells) -> npt.NDArray[np.float64]:
    """(N,), NaN where one is missing."""
    values = pc.cast(cells, pa.float64(), safe=False).to_numpy()
    return np.asarray(values, dtype=np.float64)


def _index(schema: Any) -> tuple[str, ...]:
    """Names of columns that pandas made of its row names."""
    try:
        found: Sequence[Any] = json.loads((schema.metadata or {}).get(b"pandas", b"{}")).get("index_columns", [])
    except (ValueError, AttributeError):
        return ()
    return tuple(name for name in found if isinstance(name, str))
