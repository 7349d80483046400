"""A table of normal rows becomes splits that a model takes, and the encoding that was fitted on the training rows."""

__all__ = ["EncodedSource", "encode_source"]

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

import numpy as np
import numpy.typing as npt
from torch import Tensor

from copyist.data.encoded_columns import ColumnEncoding
from copyist.data.encoding_notices import encoding_notices
from copyist.data.examples import ExampleSet
from copyist.data.fitted_columns import fit_column, is_numbering
from copyist.data.groups import groups_of_rows
from copyist.data.labels import ClassLabels
from copyist.data.learned_columns import INDEX, dropped_columns, find_name
from copyist.data.parts import (
    CALIBRATION_SHARE,
    Parts,
    Split,
    digest,
    fingerprint,
    hold_out_for_calibration,
    tell_equal_apart,
)
from copyist.data.source import IMAGE_OPTIONS, Source, check_unset, parse_source
from copyist.data.source_parts import of_classes, parts_of
from copyist.data.splits import Splits
from copyist.data.table_encoding import EncodedRows, TableEncoding, join_columns, new_notices, table_columns
from copyist.data.table_matching import TableLike, drop_remedy, open_frame
from copyist.data.table_sets import class_labels, is_table, read_table
from copyist.errors import DataError
from copyist.files.bulk import ignore
from copyist.files.stored_table import StoredTable
from copyist.files.values import as_rows

_FEWEST = 50
"""Different rows from which on a detector is fitted: of so few, about half are trained on."""

_MOST_CALIBRATION = 0.5
"""The share of the rows out of the test split that calibrates at most, unless the source says more; where a threshold
needs more than that, it is refused."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class EncodedSource:
    """A table of normal rows, encoded."""

    splits: Splits
    """Rows as a model takes them: of training, of test and of calibration."""

    encoding: TableEncoding
    """What was fitted on those of training."""

    departures: Tensor
    """(N, C), bool: of the rows of calibration, which cells are such that training says nothing of them."""


def encode_source(
    data: TableLike,
    *,
    num_calibration: int = 19,
    without: Path | None = None,
    say: Callable[[str], None] = ignore,
) -> EncodedSource:
    """Split a table as `open_source` does, and fit an encoding on its training rows.

    A table of numbers without missing cells, in which no rows are equal, has the same rows in the same splits as of
    `open_source`; equal rows are parted like others, as p-values demand. A fifth of the rows out of the test split
    calibrates, or what `?calibration=` says, or more of a small table where a threshold needs them.

    Args:
        data: a source, or a table in memory.
        num_calibration: rows that the calibration should have at least, unless the source says its share; a rate of 5 %
            false alarms needs 19.
        without: a file or folder in it that is no data, such as where results go.
        say: takes notices, each one sentence.

    Raises:
        DataError: the table cannot be read or encoded, or has too few rows.
        ArgumentError: an option is one of images.
        UnknownNameError: there is no such column, class or option.
    """
    table, source = _open(data, without)
    labels = class_labels(table, source)
    names, left_out = _columns(table, source)
    digests, groups = _digests(table, names, source), groups_of_rows(table, source)
    parts = _parts(tell_equal_apart(digests), groups, labels, table.is_test, source, num_calibration)
    rows = parts.indices("all", limit=None)
    # Among the rows of the classes that are taken.
    places: dict[Split, npt.NDArray[np.int64]] = {
        part: np.searchsorted(rows, parts.indices(part, limit=source.limit)) for part in _SPLITS
    }
    _check_counts(places, len({digests[row] for row in rows.tolist()}), source)
    fitted: list[ColumnEncoding] = []
    for name, column in zip(names, table_columns(table, names, rows, place=source.place), strict=True):
        found = fit_column(column, places["train"], remedy=drop_remedy(source, [name]))
        if isinstance(found, ColumnEncoding):
            fitted.append(found)
        else:
            left_out.append((name, found))
    encoding = TableEncoding(
        encoders=tuple(fitted), known=tuple(table.columns), decimal=None if table.decimal == "point" else table.decimal
    )
    for sentence in (*table.notes, *encoding_notices(encoding, left_out, table, source)):
        say(sentence)
    if not encoding.encoded_names:
        raise _without_columns(source, len(places["train"]))
    columns = table_columns(table, encoding.columns, rows, place=source.place)
    kept = None if labels is None else replace(labels, numbers=labels.numbers[rows])
    cells = encoding.encode_columns(columns)
    for sentence in new_notices(columns, cells):
        say(sentence)
    encoded = join_columns(columns, cells, labels=kept)
    own = [digests[row] for row in rows.tolist()]
    belong = None if groups is None else [groups[row] for row in rows.tolist()]
    sets = {part: _example_set(encoded, places[part], own, belong, encoding, source) for part in _SPLITS}
    return EncodedSource(
        splits=Splits(train=sets["train"], test=sets["test"], calibration=sets["calibration"]),
        encoding=encoding,
        departures=encoded.departures[places["calibration"]],
    )


_SPLITS: tuple[Split, ...] = ("train", "test", "calibration")


def _open(data: TableLike, without: Path | None) -> tuple[StoredTable, Source]:
    if not isinstance(data, str | Path):
        return open_frame(data)
    source = parse_source(str(data))
    if not source.is_embedded and not Path(source.place).exists():
        raise DataError(f"there is no file or folder {source.place}; give a table in .csv, .parquet, .npy or .npz")
    if not is_table(source, without=without):
        raise DataError(f"{source.place} must be a table; give one in .csv, .parquet, .npy or .npz")
    check_unset(source, (*IMAGE_OPTIONS, "split"), kind="images and single splits", got="a table to fit a detector on")
    return read_table(source, without=without), source


def _columns(table: StoredTable, source: Source) -> tuple[list[str], list[tuple[str, str]]]:
    """The columns that may be learned, and those left out though nobody asked for it."""
    label = None if source.label is None else find_name(source.label, table, f"label= of {source.place}")
    dropped = dropped_columns(table, source)
    every = [name for name in table.columns if name != label and name not in dropped]
    return [name for name in every if name not in table.index], [(name, INDEX) for name in every if name in table.index]


def _digests(table: StoredTable, names: Sequence[str], source: Source) -> list[str]:
    """Of the content of each row: of a table of numbers as of its examples, of others with their texts.

    What numbers the rows, or has another text in each, would tell equal rows apart and does not count.
    """
    numbers: list[npt.NDArray[np.float64]] = []
    exact, texts = list[bool](), list[npt.NDArray[np.object_]]()
    rows = np.arange(table.num_rows)
    for column in table_columns(table, names, rows, place=source.place):
        values = column.reading.values
        if values is None:
            cells = column.texts()
            if len(set(cells.tolist())) < len(rows):
                texts.append(cells)
            continue
        missing = np.isnan(values)
        if missing.any():
            texts.append(missing)
        filled = np.where(missing, 0, values)
        if (filled != filled[:1]).any() and not is_numbering(values):
            numbers.append(filled)
            exact.append(column.reading.is_exact)
    bare = [row.tobytes() for row in as_rows(numbers, exact=exact)] if numbers else [b""] * len(rows)
    if not texts:
        return [digest(row) for row in bare]
    beside = [repr(cells).encode() for cells in zip(*(each.tolist() for each in texts), strict=True)]
    return [digest(row + cells) for row, cells in zip(bare, beside, strict=True)]


def _parts(
    digests: Sequence[str],
    groups: Sequence[str] | None,
    labels: ClassLabels | None,
    is_test: npt.NDArray[np.bool_] | None,
    source: Source,
    num_calibration: int,
) -> Parts:
    """The splits, with as many rows or groups for calibration as a threshold needs where the source does not say how
    many."""
    shared = replace(source, calibration=source.calibration or CALIBRATION_SHARE)
    parts = of_classes(parts_of(digests, is_test, shared, groups=groups), labels, source)
    digests = digests if groups is None else [digest(group.encode()) for group in groups]
    calibration = {digests[row] for row in parts.indices("calibration", limit=None).tolist()}
    if source.calibration is not None or len(calibration) >= num_calibration:
        return parts
    others = parts.is_test if parts.is_left_out is None else parts.is_test | parts.is_left_out
    distinct = len({each for each, other in zip(digests, others.tolist(), strict=True) if not other})
    share = num_calibration / max(distinct, 1)
    if share > _MOST_CALIBRATION:
        return parts
    apart = hold_out_for_calibration(digests, others, share=share, seed=source.split_seed)
    return replace(parts, is_calibration=apart)


def _check_counts(places: Mapping[Split, npt.NDArray[np.int64]], distinct: int, source: Source) -> None:
    counts = [len(rows) for rows in places.values()]
    if distinct < 2 <= sum(counts):
        raise _without_columns(source, sum(counts))
    if source.group is not None and distinct >= _FEWEST and not all(counts):
        raise DataError(
            f"{source.place} must have groups of rows for each of training, test and calibration, got "
            f"{', '.join(map(str, counts))} rows of the groups by {source.group!r} for these; take a column that tells "
            "more groups apart, or add groups"
        )
    if distinct < _FEWEST or not all(counts):
        raise DataError(
            f"{source.place} must have at least {_FEWEST} different rows to fit a detector on, some for each of "
            f"training, test and calibration, got {distinct} different ones, and {', '.join(map(str, counts))} rows "
            "for these; add rows"
        )


def _without_columns(source: Source, count: int) -> DataError:
    return DataError(
        f"{source.place} must have a column that varies over the {count} rows it is learned from, and is no number or "
        "name of the row, and has none; add rows, or columns"
    )


def _example_set(
    encoded: EncodedRows,
    places: npt.NDArray[np.int64],
    digests: Sequence[str],
    groups: Sequence[str] | None,
    encoding: TableEncoding,
    source: Source,
) -> ExampleSet:
    labels, names, numbers = encoded.labels, encoding.encoded_names, encoded.names
    rows: list[int] = places.tolist()
    return ExampleSet(
        source=source.text,
        array=encoded.rows.numpy()[places],
        names=tuple(numbers[row] for row in rows),
        groups=None if groups is None else tuple(groups[row] for row in rows),
        labels=None if labels is None else labels.numbers[places],
        classes=None if labels is None else labels.names,
        columns=names,
        kinds=("number",) * len(names),
        fingerprint=fingerprint([digests[row] for row in rows], repr(encoding.document())),
    )
