"""How one column of a table becomes numbers that a model learns: what is fitted, and what a cell then becomes.

A *departure* is a cell of which training says nothing: missing where no training cell was, a category where each was
seen more than once or twice, another value where all had one. A model cannot have learned it. It is encoded like a
typical cell, so that it disturbs nothing else, and marked.
"""

__all__ = [
    "COLUMN_ENCODINGS",
    "CategoryColumn",
    "ClockColumn",
    "ColumnEncoding",
    "ConstantColumn",
    "EncodedCells",
    "FrequencyColumn",
    "ScaledColumn",
]

import abc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, final

import numpy as np
import numpy.typing as npt

from copyist.data.table_columns import Quantity, TableColumn

Numbers: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]

_FARTHEST = 1e12
"""In scales of a column: what lies farther counts as that far, so that its square is a number of 32 bits."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class EncodedCells:
    """What the cells of one column have become."""

    values: Numbers
    """(N, W)."""

    departs: Flags
    """(N,)."""

    unseen: Flags
    """(N,): texts that training did not hold; where these are rare as rare ones were, they are no departures."""


@dataclass(frozen=True, kw_only=True)
class ColumnEncoding(abc.ABC):
    """A fitted encoding of one column: settings that travel in a file."""

    name: str
    """Of the column."""

    has_missing: bool = False
    """Whether training cells were missing: then a missing one has a column of its own, and is no departure."""

    @property
    @abc.abstractmethod
    def encoded_names(self) -> tuple[str, ...]:
        """What the W columns that the model sees are called; none for a column that it does not see."""

    @abc.abstractmethod
    def encode(self, column: TableColumn) -> EncodedCells:
        """The cells as numbers (N, W).

        Raises:
            DataError: a cell is of another kind than those that the encoding was fitted on, or infinite.
        """

    def _with_missing(self, *names: str) -> tuple[str, ...]:
        """The names of the columns, and of the one that marks missing cells."""
        return tuple(f"{self.name} ({name})" for name in (*names, *(["missing"] if self.has_missing else [])))

    def _encoded(
        self, columns: Sequence[npt.NDArray[Any]], missing: Flags, *, departs: Flags | None = None, unseen: Any = None
    ) -> EncodedCells:
        """Columns side by side with the one that marks missing cells."""
        every = [*columns, missing] if self.has_missing else [*columns]
        none = np.zeros(len(missing), dtype=np.bool_)
        beyond = none if departs is None else departs
        return EncodedCells(
            values=np.stack(every, axis=1).astype(np.float64) if every else np.empty((len(missing), 0)),
            departs=beyond if self.has_missing else beyond | missing,
            unseen=none if unseen is None else unseen,
        )


@final
@dataclass(frozen=True, kw_only=True)
class ScaledColumn(ColumnEncoding):
    """Numbers, booleans or dates in robust units: x ↦ (x − center) / scale, as `sklearn.preprocessing.RobustScaler`.

    A missing cell is filled.
    """

    quantity: Quantity
    """What the cells are."""

    center: float
    """The median; of booleans 0."""

    scale: float
    """The distance of the quartiles; the standard deviation where they coincide; of booleans 1."""

    fill: float
    """What stands for a missing cell, in units of the column."""

    day_first: bool | None = None
    """Of dates such as 31/12/2024, whether the day came first in training."""

    @property
    def encoded_names(self) -> tuple[str, ...]:
        return self._with_missing("scaled")

    def encode(self, column: TableColumn) -> EncodedCells:
        cells = column.numbers(self.quantity, day_first=self.day_first)
        missing = np.isnan(cells)
        with np.errstate(over="ignore"):
            scaled = (np.where(missing, self.fill, cells) - self.center) / self.scale
        return self._encoded([scaled.clip(-_FARTHEST, _FARTHEST)], missing)


@final
@dataclass(frozen=True, kw_only=True)
class ClockColumn(ColumnEncoding):
    """The weekday and the time of day of dates that order the rows: sine and cosine of each.

    The date itself is not learned, since that of each new row is later than all before.
    """

    weekday: bool
    """Whether training dates are of several weekdays."""

    time_of_day: bool
    """Whether they are of several times of day."""

    day_first: bool | None = None
    """Of dates such as 31/12/2024, whether the day came first in training."""

    @property
    def encoded_names(self) -> tuple[str, ...]:
        parts = (["weekday"] if self.weekday else []) + (["time of day"] if self.time_of_day else [])
        return self._with_missing(*(f"{wave} of {part}" for part in parts for wave in ("sine", "cosine")))

    def encode(self, column: TableColumn) -> EncodedCells:
        days = column.numbers("date", day_first=self.day_first)
        missing = np.isnan(days)
        known = np.where(missing, 0, days)
        # 1970-01-01 was a Thursday; where a week begins does not matter.
        turns = ([np.floor(known) % 7 / 7] if self.weekday else []) + ([known % 1] if self.time_of_day else [])
        waves = [wave(2 * np.pi * turn) for turn in turns for wave in (np.sin, np.cos)]
        # Rounded, so that what is 0 in all rows but for rounding is so exactly.
        return self._encoded([np.where(missing, 0, wave.round(9)) for wave in waves], missing)


@final
@dataclass(frozen=True, kw_only=True)
class CategoryColumn(ColumnEncoding):
    """A few categories: a column of 0 and 1 for each, as in `sklearn.preprocessing.OneHotEncoder`; rare ones
    share one.

    What training did not hold is as rare as the rare ones, or departs where there were none.
    """

    categories: tuple[str, ...]
    """In the order of the alphabet."""

    usual: str
    """The most frequent of them, which stands for what departs."""

    has_rare: bool
    """Whether there were rare ones, which share a column."""

    @property
    def encoded_names(self) -> tuple[str, ...]:
        return self._with_missing(*(f"= {each}" for each in self.categories), *(["other"] if self.has_rare else []))

    def encode(self, column: TableColumn) -> EncodedCells:
        cells = column.texts()
        missing, known = _is_missing(cells), {*self.categories}
        unseen = ~missing & np.array([cell not in known for cell in cells.tolist()], dtype=np.bool_)
        column.check_categories(self.categories, missing=missing, unseen=unseen)
        departs = missing if not self.has_missing else np.zeros_like(missing)
        departs = departs if self.has_rare else departs | unseen
        shown = np.where(departs, self.usual, cells)
        hot = [shown == each for each in self.categories] + ([unseen] if self.has_rare else [])
        return self._encoded(hot, missing, departs=departs, unseen=unseen)


@final
@dataclass(frozen=True, kw_only=True)
class FrequencyColumn(ColumnEncoding):
    """Many categories: the logarithm of the share of training rows that hold the same."""

    categories: tuple[str, ...]
    """The most frequent ones, in that order."""

    counts: tuple[int, ...]
    """Of the training rows that hold each."""

    total: int
    """Training rows that hold any."""

    has_rare: bool
    """Whether there were rare ones: one that training did not hold then counts as seen once."""

    usual: float
    """The median over training rows, which stands for what is missing or departs."""

    @property
    def encoded_names(self) -> tuple[str, ...]:
        return self._with_missing("frequency")

    def encode(self, column: TableColumn) -> EncodedCells:
        cells = column.texts()
        missing = _is_missing(cells)
        counts = dict(zip(self.categories, self.counts, strict=True))
        found = np.array([counts.get(cell, 0) for cell in cells.tolist()])
        unseen = ~missing & (found == 0)
        column.check_categories(self.categories, missing=missing, unseen=unseen)
        departs = np.zeros_like(unseen) if self.has_rare else unseen
        shares = np.log(np.maximum(found, 1) / self.total)
        return self._encoded([np.where(missing | departs, self.usual, shares)], missing, departs=departs, unseen=unseen)


@final
@dataclass(frozen=True, kw_only=True)
class ConstantColumn(ColumnEncoding):
    """A column that has one value only, or none, in training: the model does not see it, and another value departs."""

    quantity: Quantity | Literal["category"]
    """What the cells are."""

    value: float | None = None
    """Of numbers, booleans and dates."""

    text: str | None = None
    """Of categories; None with `value` None where no cell holds any."""

    @property
    def is_empty(self) -> bool:
        """Whether no training cell holds a value."""
        return self.value is None and self.text is None

    @property
    def encoded_names(self) -> tuple[str, ...]:
        return self._with_missing()

    def encode(self, column: TableColumn) -> EncodedCells:
        if self.quantity == "category":
            cells = column.texts()
            missing = _is_missing(cells)
            other = ~missing & (cells != self.text)
            if self.text is not None:
                column.check_categories([self.text], missing=missing, unseen=other)
            return self._of(missing, other, unseen=other)
        numbers = column.numbers(self.quantity)
        missing = np.isnan(numbers)
        # Files of other kinds keep a number in other digits.
        same = np.isclose(numbers, np.nan if self.value is None else self.value, rtol=1e-6, atol=0)
        return self._of(missing, ~missing & ~same)

    def _of(self, missing: Flags, other: Flags, *, unseen: Flags | None = None) -> EncodedCells:
        if self.is_empty:
            missing = np.zeros_like(missing)
        return self._encoded([], missing, departs=other, unseen=unseen)


def _is_missing(cells: npt.NDArray[Any]) -> Flags:
    return np.array([cell is None for cell in cells.tolist()], dtype=np.bool_)


COLUMN_ENCODINGS: Mapping[str, type[ColumnEncoding]] = {
    "scaled": ScaledColumn,
    "clock": ClockColumn,
    "category": CategoryColumn,
    "frequency": FrequencyColumn,
    "constant": ConstantColumn,
}
"""The encodings of columns, as files name them."""
