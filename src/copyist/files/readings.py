"""One column of a table as numbers, and the way back into its cells."""

__all__ = ["Reading", "read_numbers", "refused"]

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import numpy as np
import numpy.typing as npt

Values: TypeAlias = npt.NDArray[Any]
"""(N,), floats."""

_EXACT = 2.0**53
"""From here on not every whole number is a float of 64 bits."""

_ROUNDINGS = 2.0**24
"""A column whose range is so many times what its numbers are rounded by is as exact as any in 32 bits."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """What a column holds, as numbers."""

    kind: str
    """In words, such as `number` or `date, in days since 1970-01-01`."""

    values: npt.NDArray[np.float64] | None
    """(N,), NaN where one is missing; None where the cells are no numbers."""

    spell: Callable[[Values], Any]
    """Cells of the same kind for new numbers (N,)."""

    is_exact: bool = False
    """Whether the numbers are to be kept in 64 bits whatever their size."""

    is_category: bool = False
    """Whether the file says that the values are categories, as pandas and Parquet do."""

    problem: str = ""
    """Of a column that is no numbers: what was got, and in which row."""

    why: str = ""
    """Why that is none, as a clause, where it does not show."""

    remedy: str = ""
    """What mends it, where that is not to leave the column out."""


def refused(problem: str, *, why: str = "", remedy: str = "") -> Reading:
    """A column that cannot be learned."""
    return Reading(kind="text", values=None, spell=lambda values: values, problem=problem, why=why, remedy=remedy)


def read_numbers(
    values: npt.NDArray[np.float64], spell: Callable[[Values], Any], *, kind: str = "number", whole: bool = False
) -> Reading:
    """A column of numbers; whole ones so large that 64-bit floats do not tell them apart are refused.

    Args:
        values: (N,), NaN where one is missing.
        spell: the way back.
        kind: in words.
        whole: whether the cells are whole numbers.
    """
    if whole and len(values) and not np.isnan(values).all():
        lowest, highest = float(np.nanmin(values)), float(np.nanmax(values))
        largest = max(-lowest, highest)
        if _EXACT <= largest < np.inf and highest - lowest < _ROUNDINGS * np.spacing(largest):
            row = int(np.nanargmax(np.abs(values)))
            return refused(f"{values[row]:.0f} in row {row}", why="which 64-bit floats do not tell from others")
    return Reading(kind=kind, values=values, spell=spell)
