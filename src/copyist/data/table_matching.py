"""A table at the door of what was fitted on another: opened, and its columns found by name."""

__all__ = [
    "TABLE_IN_MEMORY",
    "MatchedColumns",
    "TableLike",
    "drop_remedy",
    "match_columns",
    "open_any_table",
    "open_frame",
    "quote_names",
]

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias, final

from copyist.checks import nearest_match
from copyist.data.learned_columns import dropped_columns, find_name
from copyist.data.source import Source, drop_option
from copyist.data.table_sets import open_whole, read_table
from copyist.errors import ShapeError
from copyist.files.spellings import Decimal
from copyist.files.stored_table import StoredTable
from copyist.files.table_frames import Frame, table_of_frame

TableLike: TypeAlias = str | Path | Frame
"""A source or a path of a table, or a table in memory."""

TABLE_IN_MEMORY = "the table"
"""What refusals call a table that is in memory."""

_LABELS = {"label", "labels", "class", "target", "state", "y", "is_anomaly", "anomaly", "outlier"}
"""What a column of labels may be called, in lower case."""

_SHOWN = 6
"""Columns that a sentence names at most."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class MatchedColumns:
    """The columns of a table that were found for those wanted."""

    names: tuple[str, ...]
    """What the table calls each of those wanted, in their order."""

    left_out: tuple[str, ...]
    """Columns of the table that were known to nobody."""

    by_order: bool
    """Whether they were found by their order, since one of both has no names."""

    def notices(self, place: str) -> list[str]:
        """What is to be said of it, each one sentence."""
        order = ["columns are taken in their order, since one of both tables has no names"] if self.by_order else []
        left = [f"left out {quote_names(self.left_out)}, unknown to the detector"] if self.left_out else []
        return [f"{place}: {sentence}" for sentence in (*order, *left)]


def open_frame(frame: Frame) -> tuple[StoredTable, Source]:
    """A table in memory, and a source without options, which is called what refusals call the table.

    Raises:
        DataError: it is none.
    """
    return table_of_frame(frame, place=TABLE_IN_MEMORY), Source(text=TABLE_IN_MEMORY, place=TABLE_IN_MEMORY)


def open_any_table(
    data: TableLike, *, wanted: Sequence[str] = (), decimal: Decimal | None = None
) -> tuple[StoredTable, Source]:
    """All rows of a table in a file or in memory, and its source.

    Args:
        data: a source or a path, or a table in memory, which is a source without options.
        wanted: names of columns, by which the row of names of a text file is known.
        decimal: what marks decimals in a text file that does not tell by itself.

    Raises:
        DataError: it is no table, or cannot be read.
        ArgumentError, UnknownNameError: an option does not apply.
    """
    if not isinstance(data, str | Path):
        return open_frame(data)
    table, source = open_whole(str(data))
    told = source
    if decimal is not None and source.decimal is None and table.decimal is None:
        told = replace(told, decimal=decimal)
    if source.header is None and all(map(str.isdigit, table.columns)) and {*wanted} <= _first_cells(table):
        told = replace(told, header="yes")
    return (table if told is source else read_table(told, by_split=False)), told


def match_columns(
    table: StoredTable, source: Source, *, wanted: Sequence[str], known: Sequence[str], ignore_extra: bool
) -> MatchedColumns:
    """Find columns by name, in any order; by their order where the table or those wanted have no names.

    Args:
        table: where they are looked for.
        source: with the columns that are labels or left out.
        wanted: the columns that must be there.
        known: all columns of the table that these come from, in its order; the others may be there.
        ignore_extra: whether columns that are not known are left out.

    Raises:
        ShapeError: one is missing, or one is not known.
        UnknownNameError: the source names a column that is not there.
    """
    label = None if source.label is None else find_name(source.label, table, f"label= of {source.place}")
    dropped = dropped_columns(table, source)
    free = [name for name in table.columns if name != label and name not in dropped]
    missing = [name for name in wanted if name not in free]
    if missing and (all(map(str.isdigit, wanted)) or all(map(str.isdigit, free))):
        return _by_order(free, table, source, wanted=wanted, known=known)
    if missing:
        none = "none called" if len(missing) < len(wanted) else "none of"
        raise ShapeError(
            f"{source.place} must have all columns that the detector was fitted on, and has {none} "
            f"{quote_names(missing)}; {_nearest(missing[0], [name for name in free if name not in known])}"
        )
    extra = [name for name in free if name not in known and name not in table.index]
    if extra and not ignore_extra:
        called = next((name for name in extra if name.lower() in _LABELS), None) if label is None else None
        telling = (
            "" if called is None or source.place == TABLE_IN_MEMORY else f"where it labels the rows, ?label={called}; "
        )
        ignoring = "pass ignore_extra=True" if source.place == TABLE_IN_MEMORY else "ignore all such by --ignore-extra"
        raise ShapeError(
            f"{source.place} must have the columns that the detector was fitted on and no others, got also "
            f"{quote_names(extra)}; {telling}{drop_remedy(source, extra[:_SHOWN])}, or {ignoring}"
        )
    return MatchedColumns(names=tuple(wanted), left_out=tuple(extra), by_order=False)


def drop_remedy(source: Source, names: Sequence[str]) -> str:
    """How columns are left out, as the end of a refusal."""
    it = "it" if len(names) == 1 else "them"
    if source.place == TABLE_IN_MEMORY:
        return f"leave {it} out of the table"
    return f"leave {it} out by {drop_option(source, names)}"


def quote_names(names: Iterable[str]) -> str:
    """The first few names of columns, for a sentence."""
    every = list(names)
    more = f", … ({len(every)} columns)" if len(every) > _SHOWN else ""
    return ", ".join(map(repr, every[:_SHOWN])) + more


def _nearest(name: str, others: Sequence[str]) -> str:
    """The column that may be meant by a name, as the end of a refusal."""
    near = nearest_match(name, others)
    return near if near.startswith("did you mean") else "add what is missing, or fit a detector on data without it"


def _first_cells(table: StoredTable) -> set[str]:
    """The texts of the first row."""
    texts = [table.texts[name] for name in table.columns]
    return {cells[0] for cells in texts if cells is not None}


def _by_order(
    free: Sequence[str], table: StoredTable, source: Source, *, wanted: Sequence[str], known: Sequence[str]
) -> MatchedColumns:
    columns = [name for name in free if name not in table.index]
    for given in (known, wanted):
        if len(given) == len(columns):
            called = dict(zip(given, columns, strict=True))
            return MatchedColumns(names=tuple(called[name] for name in wanted), left_out=(), by_order=True)
    raise ShapeError(
        f"{source.place} must have the {len(wanted)} columns that the detector was fitted on, got {len(columns)} "
        "without names; name them, or leave others out by ?drop="
    )
