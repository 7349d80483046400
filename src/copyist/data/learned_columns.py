"""Which columns of a table are learned, and their numbers as examples keep them."""

__all__ = [
    "INDEX",
    "TEXTS",
    "TIMES",
    "LearnedColumns",
    "dropped_columns",
    "find_name",
    "learned_columns",
    "left_out_notices",
]

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self, final

import numpy as np
import numpy.typing as npt

from copyist.checks import nearest_match
from copyist.data.source import Source, drop_option, escape_name
from copyist.errors import DataError, ShapeError, UnknownNameError
from copyist.files.readings import Reading
from copyist.files.stored_table import StoredTable
from copyist.files.values import as_rows

_SHOWN = 6
"""Names that are written out in a notice."""

INDEX = "row numbers"
"""Why a column is left out: it numbers or names the rows."""

TEXTS = "texts"
"""Why a column is left out: its texts are no categories."""

TIMES = "times"
"""Why a column is left out: its dates are those of the rows, and tell nothing else."""

_ENCODED = re.compile(r".+ \((scaled|missing|other|frequency|= .*|(co)?sine of (weekday|time of day))\)")
"""The names of columns that an encoding makes for a model."""

_CONSTANT, _EMPTY, _OTHER = "constant", "empty", "not learned by the model"


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class LearnedColumns:
    """The columns of a table that are learned."""

    names: tuple[str, ...]

    kinds: tuple[str, ...]
    """What each was in the file, such as `number`, or `date, in days since 1970-01-01`."""

    values: npt.NDArray[np.float32] | npt.NDArray[np.float64]
    """(N, D): 32-bit floats, or 64-bit ones where a column needs them."""

    left_out: tuple[tuple[str, str], ...]
    """Columns that nobody asked to leave out, and why they are."""

    unnamed: str | None = None
    """What has no names, the table or the model's data, where columns are those of the model by their order alone."""

    def without_constants(self, rows: npt.NDArray[np.int64], *, place: str) -> Self:
        """Leave out the columns that have one value only in these rows; of a single row all stay.

        Raises:
            DataError: none is left.
        """
        chosen = self.values[rows]
        varies = (chosen != chosen[:1]).any(0)
        if len(rows) < 2 or varies.all():
            return self
        if not varies.any():
            raise DataError(
                f"{place} must have a column that varies over the {len(rows)} rows it is learned from, and has none; "
                "add rows, or columns"
            )
        kept = np.flatnonzero(varies).tolist()
        return replace(
            self,
            names=tuple(self.names[place] for place in kept),
            kinds=tuple(self.kinds[place] for place in kept),
            values=np.ascontiguousarray(self.values[:, kept]),
            left_out=(*self.left_out, *((self.names[place], _CONSTANT) for place in np.flatnonzero(~varies).tolist())),
        )

    def notices(self, place: str) -> list[str]:
        """What was left out, a sentence for each reason, and how columns were found where it was not by name."""
        order = (
            [f"{place}: columns are taken in their order, since {self.unnamed} has no names"] if self.unnamed else []
        )
        return [*order, *left_out_notices(self.left_out, place)]


def left_out_notices(left_out: Iterable[tuple[str, str]], place: str) -> list[str]:
    """A sentence for each reason why columns of a place were left out, with the names of these."""
    clauses = {
        INDEX: ("which numbers or names the rows", "which number or name the rows"),
        TEXTS: ("whose texts are no categories",) * 2,
        TIMES: ("whose dates order the rows, and are of one weekday and time of day",) * 2,
        _EMPTY: ("which has no values", "which have no values"),
        _CONSTANT: ("which has one value only", "which have one value each"),
        _OTHER: ("on which the model was not trained",) * 2,
    }
    pairs, found = list(left_out), list[str]()
    for why, clause in clauses.items():
        names = [name for name, reason in pairs if reason == why]
        if names:
            many = f", … ({len(names)} columns)" if len(names) > _SHOWN else ""
            found.append(f"{place}: left out {_quote(names[:_SHOWN])}{many}, {clause[len(names) > 1]}")
    return found


def learned_columns(table: StoredTable, source: Source, columns: Sequence[str] = ()) -> LearnedColumns:
    """Choose the columns of a table, and read their numbers.

    Args:
        table: all that its file holds.
        source: with the columns that are labels or left out.
        columns: those that a model was trained on; without any, all are taken but row numbers and empty ones.

    Raises:
        DataError: a column is no numbers, or holds what is no finite number; or there is none.
        UnknownNameError: there is no such column to be left out, or to be the label.
        ShapeError: a column that the model was trained on is not there.
    """
    names, left_out = _choose(table, source, columns)
    readings = {name: table.readings[name] for name in names}
    _check_numbers(readings, source)
    if not columns:
        empty = [name for name, reading in readings.items() if np.isnan(_of(reading)).all()]
        left_out += [(name, _EMPTY) for name in empty]
        names = [name for name in names if name not in empty]
    if not names:
        raise DataError(
            f"{source.place} must have a column of numbers to learn from, and none is left; drop fewer by ?drop="
        )
    values = as_rows([_of(readings[name]) for name in names], exact=[readings[name].is_exact for name in names])
    _check_finite(names, values, source)
    kinds = tuple(readings[name].kind for name in names)
    by_order = not set(columns) <= set(names)
    unnamed = ("the table" if all(map(str.isdigit, names)) else "the model's data") if by_order else None
    return LearnedColumns(names=tuple(names), kinds=kinds, values=values, left_out=tuple(left_out), unnamed=unnamed)


def find_name(text: str, table: StoredTable, what: str) -> str:
    """The column that an option names.

    Raises:
        UnknownNameError: there is none.
    """
    name = text.strip()
    if name not in table.columns:
        raise UnknownNameError(
            f"{what} must name a column, and there is none called {text!r}; {nearest_match(text, table.columns)}"
        )
    return name


def _choose(
    table: StoredTable, source: Source, columns: Sequence[str]
) -> tuple[list[str], list[tuple[str, str]]]:  # fmt: skip
    """The columns to learn, and those that are left out though nobody asked for it."""
    label = None if source.label is None else find_name(source.label, table, f"label= of {source.place}")
    dropped = dropped_columns(table, source)
    every = [name for name in table.columns if name != label and name not in dropped]
    free = [name for name in every if name not in table.index]
    if not columns:
        return free, [(name, INDEX) for name in every if name in table.index]
    missing = [name for name in columns if name not in every]
    if not missing:
        return list(columns), [(name, _OTHER) for name in free if name not in columns]
    if all(map(_ENCODED.fullmatch, columns)):
        raise ShapeError(
            f"{source.place} must hold rows as its detector encodes them for the model, with columns such as "
            f"{columns[0]!r}, and is a table as it is; judge it by copyist detect run"
        )
    if all(map(str.isdigit, columns)) or all(map(str.isdigit, free)):
        return free, []  # By place, where one of them has no names; their number is the model's to check.
    raise ShapeError(
        f"{source.place} must have the columns that the model was trained on, and has none called "
        f"{_quote(missing[:_SHOWN])}{', …' if len(missing) > _SHOWN else ''}; {nearest_match(missing[0], every)}"
    )


def dropped_columns(table: StoredTable, source: Source) -> set[str]:
    """The columns of `drop=` and of `group=`: names that hold commas are put together again.

    Raises:
        UnknownNameError: there is none of such a name.
    """
    found = set[str]() if source.group is None else {find_name(source.group, table, f"group= of {source.place}")}
    rest = list(source.drop)
    what = f"drop= of {source.place}"
    while rest:
        count = next(
            (count for count in range(len(rest), 0, -1) if ",".join(rest[:count]).strip() in table.columns), 1
        )  # fmt: skip
        found.add(find_name(",".join(rest[:count]), table, what))
        rest = rest[count:]
    return found


def _of(reading: Reading) -> npt.NDArray[np.float64]:
    assert reading.values is not None
    return reading.values


def _check_numbers(readings: dict[str, Reading], source: Source) -> None:
    texts = [name for name, reading in readings.items() if reading.values is None]
    if not texts:
        return
    first = readings[texts[0]]
    got = f"got {first.problem} of {_quote(texts)}{', ' if first.why else ''}{first.why}"
    remedy = first.remedy or f"leave {'it' if len(texts) == 1 else 'them'} out by {drop_option(source, texts)}"
    if not first.remedy and len(texts) == 1 and source.label is None:
        remedy += f", or name the one of classes by ?label={escape_name(texts[0])}"
    raise DataError(f"columns of {source.place} must hold numbers, {got}; {remedy}")


def _check_finite(names: Sequence[str], values: npt.NDArray[np.float32 | np.float64], source: Source) -> None:
    counts: list[int] = (~np.isfinite(values)).sum(0).tolist()
    wrong = [name for name, count in zip(names, counts, strict=True) if count]
    if wrong:
        held = ", ".join(f"{count} in {name!r}" for name, count in zip(names, counts, strict=True) if count)
        raise DataError(
            f"{source.place} must hold finite numbers in all {len(values)} rows, got NaN, infinite or none: {held}; "
            f"fill these cells, remove their rows, or leave the column out by {drop_option(source, wrong)}"
        )


def _quote(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
