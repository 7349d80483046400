"""What a user is told of the columns of a table that a detector is fitted on: left out, constant, in days, far away."""

__all__ = ["encoding_notices"]

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from copyist.data.encoded_columns import ClockColumn, ColumnEncoding, ConstantColumn, ScaledColumn
from copyist.data.learned_columns import left_out_notices
from copyist.data.source import Source
from copyist.data.table_encoding import TableEncoding
from copyist.data.table_matching import drop_remedy, quote_names
from copyist.files.stored_table import StoredTable

_FAR = 1e4
"""Distances of the quartiles: a cell so far from the median is named."""


def encoding_notices(
    encoding: TableEncoding, left_out: Sequence[tuple[str, str]], table: StoredTable, source: Source
) -> list[str]:
    """What was left out, and what is to be known of columns that were not, each one sentence."""

    def names_where(chosen: Callable[[ColumnEncoding], bool]) -> list[str]:
        return [each.name for each in encoding.encoders if chosen(each)]

    def may_name_rows(each: ColumnEncoding) -> bool:
        values = table.readings[each.name].values
        is_number = isinstance(each, ScaledColumn) and each.quantity == "number"
        return is_number and values is not None and _may_name(values)

    kinds = (
        (
            names_where(lambda each: isinstance(each, ConstantColumn) and each.is_empty),
            ("has no value", "have no values"),
            "in training; any will count as strange",
        ),
        (
            names_where(lambda each: isinstance(each, ConstantColumn) and not each.is_empty),
            ("has one value only", "have one value each"),
            "in training; any other will count as strange",
        ),
        (
            names_where(lambda each: isinstance(each, ClockColumn)),
            ("orders", "order"),
            "the rows in time; weekday and time of day are learned, and not the date",
        ),
        (
            names_where(lambda each: isinstance(each, ScaledColumn) and each.quantity == "date"),
            ("is learned", "are learned"),
            "in days; later dates than those of training will look strange",
        ),
        (
            may := names_where(may_name_rows),
            ("has", "have"),
            f"another whole number in each row; where these name the rows, {drop_remedy(source, may)}",
        ),
    )
    found = left_out_notices(left_out, source.place)
    for names, verbs, rest in kinds:
        if names:
            found.append(f"{source.place}: {quote_names(names)} {verbs[len(names) > 1]} {rest}")
    return [*found, *_far_notices(encoding, table, source)]


def _far_notices(encoding: TableEncoding, table: StoredTable, source: Source) -> list[str]:
    """A sentence for each column of numbers of which a cell is so far from the others that it alone decides the unit
    of the column."""
    found: list[str] = []
    for each in encoding.encoders:
        values = table.readings[each.name].values
        if values is None or not isinstance(each, ScaledColumn) or each.quantity != "number":
            continue
        distances = np.nan_to_num(np.abs(values - each.center) / each.scale)
        row = int(distances.argmax())
        if distances[row] > _FAR:
            found.append(
                f"{source.place}: {each.name!r} has {values[row]:g} in row {row}, {distances[row]:.0e} times as "
                "far from the median as the quartiles are apart, beside which all others are alike; correct that "
                "cell, or remove its row"
            )
    return found


def _may_name(values: npt.NDArray[np.float64]) -> bool:
    """Whether a column has another whole number in each row, as those of customers are."""
    return bool((values == np.rint(values)).all()) and len(np.unique(values)) == len(values)
