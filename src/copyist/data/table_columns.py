"""The cells of one column of a table, read as what they are to be, or refused by row and value."""

__all__ = ["Quantity", "TableColumn", "looks_like_date", "looks_like_number", "quantity_of"]

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, final

import numpy as np
import numpy.typing as npt

from copyist.errors import DataError
from copyist.files.dates import DATE_KIND, slashed_days
from copyist.files.readings import Reading
from copyist.files.spellings import is_number
from copyist.files.stored_table import StoredTable

Quantity: TypeAlias = Literal["number", "boolean", "date", "time"]
"""What is read as numbers: a boolean as 0 or 1, a date in days since 1970-01-01, a time or duration in days."""

_FEWEST_TO_TELL = 5
"""Cells from which on the kind of a column shows in them."""

_NOUNS = {"number": "numbers", "boolean": "booleans", "date": "dates", "time": "times"}


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class TableColumn:
    """Rows of one column."""

    name: str
    """As the table calls it."""

    table: StoredTable
    """All of its cells."""

    rows: npt.NDArray[np.int64]
    """(N,), those that are meant."""

    place: str
    """What refusals call the table."""

    @property
    def reading(self) -> Reading:
        """Of all cells."""
        return self.table.readings[self.name]

    def cell(self, place: int) -> str:
        """What stands in one of the rows, counted among them; empty where nothing does."""
        texts, row = self.table.texts[self.name], int(self.rows[place])
        if texts is not None:
            return texts[row] or ""
        return str(self.table.columns[self.name][row])

    def numbers(self, kind: Quantity, *, day_first: bool | None = None) -> npt.NDArray[np.float64]:
        """The cells as numbers (N,) of a kind, NaN where one is missing.

        Args:
            kind: what they are to be.
            day_first: how dates such as 03/04/2024 are read that do not tell by themselves; None refuses them.

        Raises:
            DataError: a cell is none, or infinite.
        """
        reading = self.reading
        values = reading.values
        if values is None and day_first is not None:
            slashed = slashed_days(self.texts().tolist(), day_first=day_first)
            if slashed is not None:
                return slashed
        if values is None:
            why = f", {reading.why}" if reading.why else ""
            raise self._refused(kind, self._first_unlike(kind) or f"{reading.problem}{why}", reading.remedy)
        found = values[self.rows]
        own = quantity_of(reading)
        if not _fits(found, own, kind):
            passes = np.isin(found, (0, 1)) if (own, kind) == ("number", "boolean") else np.isnan(found)
            row = int(self.rows[np.flatnonzero(~np.isnan(found) & ~passes)[0]])
            texts = self.table.texts[self.name]
            raise self._refused(kind, f"{texts[row] if texts is not None else values[row]!r} in row {row}")
        wrong = np.flatnonzero(np.isinf(found))
        if len(wrong):
            row = int(self.rows[wrong[0]])
            raise DataError(
                f"column {self.name!r} of {self.place} must hold finite numbers, got {values[row]} in row {row}; "
                "correct or empty that cell, or remove the row"
            )
        return found

    @property
    def day_first(self) -> bool | None:
        """Whether the day comes first in dates such as 31/12/2024; None where the dates are of another form."""
        texts = self.table.texts[self.name]
        if texts is None or self.reading.values is None:
            return None
        for day_first in (True, False):
            days = slashed_days(texts.tolist(), day_first=day_first)
            if days is not None and np.array_equal(days, self.reading.values, equal_nan=True):
                return day_first
        return None

    def texts(self) -> npt.NDArray[Any]:
        """The cells as texts (N,), None where one is missing.

        Raises:
            DataError: they are neither numbers nor texts.
        """
        texts = self.table.texts[self.name]
        if texts is None:
            raise DataError(
                f"column {self.name!r} of {self.place} must hold numbers or texts, got {self.reading.problem}; leave "
                "that column out"
            )
        return texts[self.rows]

    def check_categories(
        self, categories: Sequence[str], *, missing: npt.NDArray[np.bool_], unseen: npt.NDArray[np.bool_]
    ) -> None:
        """Refuse a column of numbers or dates where categories were texts; a few new ones do not tell.

        Args:
            categories: which were known before.
            missing: (N,), the cells that hold nothing.
            unseen: (N,), the cells that hold something else than these categories.

        Raises:
            DataError: several cells hold something, all of it unseen, and numbers or dates, which no known category is.
        """
        if self.reading.values is None or not (missing | unseen).all() or unseen.sum() < _FEWEST_TO_TELL:
            return
        if not any(looks_like_number(each) or looks_like_date(each) for each in categories):
            raise DataError(
                f"column {self.name!r} of {self.place} must hold texts such as {categories[0]!r}, as what it was "
                f"fitted on, got {_NOUNS[quantity_of(self.reading)]} alone, such as {self.cell(int(unseen.argmax()))}; "
                "correct that column, or fit anew on data with such cells"
            )

    def _first_unlike(self, kind: Quantity) -> str | None:
        """The first cell that does not even look like a number or a date, where some do; None where none is such."""
        looks_so = {"number": looks_like_number, "date": looks_like_date}.get(kind)
        texts = self.table.texts[self.name]
        if looks_so is None or texts is None:
            return None
        for row, text in zip(self.rows.tolist(), texts[self.rows].tolist(), strict=True):
            if text is not None and not looks_so(text):
                return f"{text!r} in row {row}"
        return None

    def _refused(self, kind: Quantity, got: str, remedy: str = "") -> DataError:
        return DataError(
            f"column {self.name!r} of {self.place} must hold {_NOUNS[kind]}, as what it was fitted on, got {got}; "
            f"{remedy or 'correct or empty that cell, or fit anew on data with such cells'}"
        )


def looks_like_number(text: str) -> bool:
    """Whether a text is a number, however its decimals and thousands are marked."""
    return re.fullmatch(r"[+-]?[\d.,']*\d[\d.,']*\s*[%€$£]?", text) is not None or is_number(text)


def looks_like_date(text: str) -> bool:
    """Whether a text is a date of any form, with a time of day or without."""
    return re.fullmatch(r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})([ T].*)?", text) is not None


def quantity_of(reading: Reading) -> Quantity:
    """What the numbers of a column are."""
    if reading.kind == DATE_KIND:
        return "date"
    first = reading.kind.partition(",")[0]
    return "boolean" if first == "boolean" else "time" if first == "time" else "number"


def _fits(values: npt.NDArray[np.float64], own: Quantity, kind: Quantity) -> bool:
    """Whether numbers of one kind may be taken for another: flags for numbers, 0 and 1 for flags, and nothing."""
    known = values[~np.isnan(values)]
    if own == kind or not len(known) or (own, kind) == ("boolean", "number"):
        return True
    return (own, kind) == ("number", "boolean") and bool(np.isin(known, (0, 1)).all())
