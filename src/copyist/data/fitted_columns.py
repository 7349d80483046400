"""Which encoding a column of a table gets, and what is fitted for it on training rows."""

__all__ = ["fit_column", "is_numbering"]

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from copyist.data.encoded_columns import (
    CategoryColumn,
    ClockColumn,
    ColumnEncoding,
    ConstantColumn,
    FrequencyColumn,
    ScaledColumn,
)
from copyist.data.learned_columns import INDEX, TEXTS, TIMES
from copyist.data.table_columns import TableColumn, looks_like_date, looks_like_number, quantity_of
from copyist.errors import DataError

_FEW = 20
"""Categories that each get a column of their own; more share one."""

_MOST = 10_000
"""Categories whose frequencies are kept; the rest count as rare."""

_RAREST, _COMMON = 2, 5
"""Rows in which a category must be found so as not to be rare: a hundredth of the rows, within these."""

_MOSTLY = 0.9
"""The share of cells that are numbers, or dates, from which on the others are mistakes in a column of such."""


def fit_column(column: TableColumn, train: npt.NDArray[np.int64], *, remedy: str) -> ColumnEncoding | str:
    """Choose and fit the encoding of a column, or say why it is left out.

    Args:
        column: all rows of the data.
        train: places of the training rows among them; nothing is fitted on others.
        remedy: what leaves the column out, for the end of a refusal.

    Returns:
        The encoding, or the reason as `left_out_notices` takes it.

    Raises:
        DataError: a column of numbers or dates holds a cell that is none, or an infinity.
    """
    reading = column.reading
    if reading.values is None or reading.is_category:
        texts = column.texts()
        if not reading.is_category:
            _check_no_numbers(column, texts, remedy=remedy)
        return _fit_texts(column.name, texts[train].tolist())
    quantity = quantity_of(reading)
    try:
        every = column.numbers(quantity)
    except DataError as error:
        raise DataError(f"{error}, or {remedy}") from error
    if quantity == "date" and _orders(every):
        return _fit_clock(column, every[train])
    if quantity == "number" and is_numbering(reading.values):
        return INDEX
    cells = every[train]
    known = cells[~np.isnan(cells)]
    has_missing = len(known) < len(cells)
    if not len(known):
        return ConstantColumn(name=column.name, quantity="category")
    if (known == known[0]).all():
        return ConstantColumn(name=column.name, quantity=quantity, value=float(known[0]), has_missing=has_missing)
    if quantity == "boolean":
        fill = float(known.mean() >= 0.5)
        return ScaledColumn(name=column.name, quantity=quantity, center=0, scale=1, fill=fill, has_missing=has_missing)
    center, scale = _robust(known)
    return ScaledColumn(
        name=column.name,
        quantity=quantity,
        center=center,
        scale=scale,
        fill=center,
        day_first=column.day_first if quantity == "date" else None,
        has_missing=has_missing,
    )


def is_numbering(values: npt.NDArray[np.float64]) -> bool:
    """Whether numbers (N,) are whole ones that follow one another without a gap, in any order: row numbers."""
    if len(values) < 3 or not np.isfinite(values).all():
        return False
    lowest, highest = values.min(), values.max()
    return bool(
        highest - lowest == len(values) - 1
        and (values == np.rint(values)).all()
        and len(np.unique(values)) == len(values)
    )


def _robust(known: npt.NDArray[np.float64]) -> tuple[float, float]:
    """The median, and the distance of the quartiles or else the standard deviation."""
    low, center, high = np.percentile(known, (25, 50, 75)).tolist()
    scale = high - low
    if not scale > 0:
        # In units of the largest, whose square may be no number.
        largest = float(np.abs(known - center).max())
        scale = largest * float(np.sqrt(np.mean(((known - center) / largest) ** 2)))
    return center, scale


def _orders(days: npt.NDArray[np.float64]) -> bool:
    """Whether dates are in order, from first to last or back."""
    steps = np.diff(days[~np.isnan(days)])
    return bool(len(steps) and (steps != 0).any() and ((steps >= 0).all() or (steps <= 0).all()))


def _fit_clock(column: TableColumn, days: npt.NDArray[np.float64]) -> ColumnEncoding | str:
    known = days[~np.isnan(days)]
    weekday = len(np.unique(np.floor(known) % 7)) > 1
    time_of_day = len(np.unique(known % 1)) > 1
    if not (weekday or time_of_day):
        return TIMES
    return ClockColumn(
        name=column.name,
        weekday=weekday,
        time_of_day=time_of_day,
        day_first=column.day_first,
        has_missing=len(known) < len(days),
    )


def _fit_texts(name: str, texts: Sequence[str | None]) -> ColumnEncoding | str:
    known = [text for text in texts if text is not None]
    has_missing, counts = len(known) < len(texts), Counter(known)
    if not known:
        return ConstantColumn(name=name, quantity="category")
    if len(counts) == 1:
        return ConstantColumn(name=name, quantity="category", text=known[0], has_missing=has_missing)
    if len(counts) == len(known):
        return INDEX
    if 2 * len(counts) > len(known):
        return TEXTS
    fewest = min(max(_RAREST, len(texts) // 100), _COMMON)
    common = [text for text in counts if counts[text] >= fewest]
    # In an order that depends on nothing but the rows.
    ordered = sorted(common, key=lambda text: (-counts[text], text))
    if common and len(common) <= _FEW:
        return CategoryColumn(
            name=name,
            categories=tuple(sorted(common)),
            usual=ordered[0],
            has_rare=len(common) < len(counts),
            has_missing=has_missing,
        )
    if len(set(counts.values())) == 1:
        return TEXTS
    every = sorted(counts, key=lambda text: (-counts[text], text))[:_MOST]
    return FrequencyColumn(
        name=name,
        categories=tuple(every),
        counts=tuple(counts[text] for text in every),
        total=len(known),
        has_rare=len(common) < len(counts),
        usual=float(np.median([np.log(counts[text] / len(known)) for text in known])),
        has_missing=has_missing,
    )


def _check_no_numbers(column: TableColumn, texts: npt.NDArray[Any], *, remedy: str) -> None:
    """Refuse a column of numbers or dates of which a few cells are none, by the first of them."""
    reading = column.reading
    if reading.remedy:
        raise DataError(
            f"column {column.name!r} of {column.place} must hold numbers, got {reading.problem}, {reading.why}; "
            f"{reading.remedy}"
        )
    known = [(row, text) for row, text in zip(column.rows.tolist(), texts.tolist(), strict=True) if text is not None]
    is_few = len({text for _, text in known}) <= _FEW
    for noun, looks_so in (("numbers", looks_like_number), ("dates", looks_like_date)):
        wrong = [(row, text) for row, text in known if not looks_so(text)]
        if noun == "numbers" and is_few:
            continue
        if wrong and len(wrong) <= (1 - _MOSTLY) * len(known):
            row, text = wrong[0]
            raise DataError(
                f"column {column.name!r} of {column.place} must hold {noun} alone, as most of its cells are, got "
                f"{text!r} in row {row}; correct or empty that cell, or {remedy}"
            )
        if noun == "dates" and known and not wrong:
            why = f", {reading.why}" if reading.why else ""
            raise DataError(
                f"column {column.name!r} of {column.place} must hold dates of one form, got {reading.problem}{why}; "
                f"write them as 2024-05-31, or {remedy}"
            )
