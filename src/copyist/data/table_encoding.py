"""A table as people have it, to rows that a model takes: fitted once, and the same for every table after.

Numbers are taken in robust units, missing cells are filled and marked, categories become columns of 0 and 1 or
frequencies, dates become days, or weekday and time of day. What training says nothing of is a *departure*; see
`encoded_columns`.
"""

__all__ = ["EncodedRows", "TableEncoding", "join_columns", "new_notices", "table_columns"]

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from copyist import settings
from copyist.data.encoded_columns import COLUMN_ENCODINGS, ColumnEncoding, EncodedCells
from copyist.data.labels import ClassLabels
from copyist.data.table_columns import TableColumn
from copyist.data.table_matching import TableLike, match_columns, open_any_table
from copyist.data.table_sets import class_labels
from copyist.errors import ArgumentError, ShapeError
from copyist.files.bulk import ignore
from copyist.files.spellings import Decimal
from copyist.files.stored_table import StoredTable
from copyist.tensors import Rows

_CATALOGUES: settings.Catalogues = {ColumnEncoding: COLUMN_ENCODINGS}
"""What stands in the document of an encoding."""

_VERSION = 1
"""Of that document; raised when older readers would misread newer ones."""

_SHOWN = 6
"""Columns of which notices tell what no training row held."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class EncodedRows:
    """A table as a model takes it."""

    rows: Rows
    """(N, D), float32."""

    departures: Tensor
    """(N, C), bool: which cells are such that training says nothing of them."""

    columns: tuple[TableColumn, ...]
    """The C columns as they are."""

    labels: ClassLabels | None = None
    """Where the source names a column of classes, or has them beside the table."""

    @property
    def names(self) -> tuple[str, ...]:
        """One per row: its number in the table, from 0, in six digits."""
        return tuple(f"{row:06d}" for row in self.columns[0].rows.tolist())


@final
@dataclass(frozen=True, kw_only=True)
class TableEncoding:
    """What was fitted on the columns of a table, and travels in a file."""

    encoders: tuple[ColumnEncoding, ...]
    """One for each of the C columns that count, in the order of the table."""

    known: tuple[str, ...]
    """All columns of the table, in its order: also those left out, which another table may bring or not."""

    decimal: Decimal | None = None
    """The comma where it marked decimals in its texts, which holds for tables that do not tell by themselves."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the C columns of the table that count."""
        return tuple(each.name for each in self.encoders)

    @property
    def encoded_names(self) -> tuple[str, ...]:
        """The names of the D columns that the model sees."""
        return tuple(name for each in self.encoders for name in each.encoded_names)

    def encode(
        self, data: TableLike, *, ignore_extra: bool = False, say: Callable[[str], None] = ignore
    ) -> EncodedRows:
        """Encode a table whose columns stand in any order; those that were left out in fitting need not be there.

        Args:
            data: a source or path, a data frame, a mapping of columns, or an array of the same columns in order.
            ignore_extra: whether columns are left out that were not there in fitting; they are refused otherwise.
            say: takes notices, each one sentence: what was left out, and what no training row held.

        Raises:
            DataError: the table cannot be read, or a cell is of another kind than in fitting, or infinite.
            ShapeError: a column is missing, or there is one more than in fitting.
            ArgumentError, UnknownNameError: the source has options that do not apply.
        """
        table, source = open_any_table(data, wanted=self.columns, decimal=self.decimal)
        matched = match_columns(table, source, wanted=self.columns, known=self.known, ignore_extra=ignore_extra)
        for sentence in (*table.notes, *matched.notices(source.place)):
            say(sentence)
        columns = table_columns(table, matched.names, np.arange(table.num_rows), place=source.place)
        cells = self.encode_columns(columns)
        for sentence in new_notices(columns, cells):
            say(sentence)
        return join_columns(columns, cells, labels=class_labels(table, source))

    def rows(self, data: TableLike, *, ignore_extra: bool = False) -> Rows:
        """The rows (N, D) of `encode`, float32."""
        return self.encode(data, ignore_extra=ignore_extra).rows

    def fold(self, parts: Tensor) -> Tensor:
        """What belongs to the D columns that the model sees, summed over those of each column of the table.

        Args:
            parts: (B, D), such as the share of each column in an anomaly.

        Returns:
            (B, C); 0 for a column that the model does not see.

        Raises:
            ShapeError: there are not D of them.
        """
        widths = [len(each.encoded_names) for each in self.encoders]
        if parts.ndim != 2 or parts.shape[1] != sum(widths):
            raise ShapeError(f"parts must have shape (B, {sum(widths)}), got {tuple(parts.shape)}; give one per column")
        return torch.stack([each.sum(1) for each in parts.split(widths, dim=1)], dim=1)

    def document(self) -> dict[str, Any]:
        """Numbers, strings, lists and dicts, ready for JSON."""
        return {"version": _VERSION, **settings.dump(self, _CATALOGUES)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """The encoding of a `document`.

        Raises:
            ArgumentError: it is from a newer version, or no such document.
        """
        given = dict(document)
        version = given.pop("version", None)
        if not isinstance(version, int) or version > _VERSION:
            raise ArgumentError(
                f"the encoding of a table must be of a version up to {_VERSION}, got {version}; upgrade copyist"
            )
        return settings.load(cls, given, _CATALOGUES, name="encoding")

    def encode_columns(self, columns: Sequence[TableColumn]) -> list[EncodedCells]:
        """The cells of C columns, in the order of the encoders.

        Raises:
            DataError: a cell is of another kind than in fitting, or infinite.
        """
        return [encoder.encode(column) for encoder, column in zip(self.encoders, columns, strict=True)]


def table_columns(
    table: StoredTable, names: Sequence[str], rows: npt.NDArray[np.int64], *, place: str
) -> list[TableColumn]:
    """These rows of the named columns."""
    return [TableColumn(name=name, table=table, rows=rows, place=place) for name in names]


def join_columns(
    columns: Sequence[TableColumn], cells: Sequence[EncodedCells], *, labels: ClassLabels | None = None
) -> EncodedRows:
    """The encoded cells of columns side by side."""
    return EncodedRows(
        rows=torch.from_numpy(np.concatenate([each.values for each in cells], axis=1).astype(np.float32)),
        departures=torch.from_numpy(np.stack([each.departs for each in cells], axis=1)),
        columns=tuple(columns),
        labels=labels,
    )


def new_notices(columns: Sequence[TableColumn], cells: Sequence[EncodedCells]) -> list[str]:
    """A sentence for each of the first columns with cells such as no training row had."""
    return list(itertools.islice(_new_notices(columns, cells), _SHOWN))


def _new_notices(columns: Sequence[TableColumn], cells: Sequence[EncodedCells]) -> Iterator[str]:
    for column, each in zip(columns, cells, strict=True):
        new = np.flatnonzero(each.departs | each.unseen)
        if not len(new):
            continue
        text = column.texts().tolist()[new[0]]
        what, verb = (f"{len(new)} cells", "count") if len(new) > 1 else ("a cell", "counts")
        found, row = "none" if text is None else repr(text), int(column.rows[new[0]])
        yield (
            f"{column.place}: column {column.name!r} has {what} such as no training row had, {found} in row {row}"
            f"{' first' if len(new) > 1 else ''}, which {verb} as {'strange' if each.departs.any() else 'rare'}"
        )
