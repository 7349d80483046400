"""The order in which the values of a plane are coded: from a coarse lattice to all, each between known ones."""

__all__ = ["NUM_NEAR", "Pass", "passes"]

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, final

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]

_COARSEST = 64
"""Distance of the values that are coded first."""

_DIAGONAL = [(-1, -1), (-1, 1), (1, -1), (1, 1), (-3, -1), (-3, 1), (3, -1), (3, 1), (-1, -3), (1, -3), (-1, 3), (1, 3)]
_ADJACENT = [(-1, 0), (0, -1), (0, 1), (1, 0), (-2, -1), (-2, 1), (2, -1), (2, 1), (-1, -2), (1, -2), (-1, 2), (1, 2)]
NUM_NEAR = 4
"""The first of the neighbors are nearest, each opposite to that at the other end of the four."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Pass:
    """Values that are coded together: those at all rows and columns that are listed."""

    rows: Integers
    columns: Integers
    distance: int
    """To the nearest known values, along an axis."""

    steps: tuple[tuple[int, int], ...]
    """Where known values lie, in distances; none in the first pass."""

    _known: dict[tuple[int, int], tuple[Integers, npt.NDArray[np.bool_] | None]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many values there are."""
        return len(self.rows) * len(self.columns)

    def of(self, plane: npt.NDArray[Any], step: tuple[int, int] = (0, 0)) -> Integers:
        """The values (N,) of a plane (H, W) at these places, or so many distances away; 0 where there is none.

        Beyond a border the plane is mirrored.
        """
        rows, down = self._along(0, step[0], plane.shape[0])
        columns, across = self._along(1, step[1], plane.shape[1])
        found = plane[rows[:, None], columns].astype(np.int64)
        if down is not None or across is not None:
            found *= (True if down is None else down[:, None]) & (True if across is None else across)
        return found.ravel()

    def put(self, plane: npt.NDArray[Any], values: Integers) -> None:
        """Write values (N,) to these places."""
        plane[self.rows[:, None], self.columns] = values.reshape(len(self.rows), len(self.columns))

    def _along(self, axis: int, step: int, length: int) -> tuple[Integers, npt.NDArray[np.bool_] | None]:
        """The places along an axis so many distances away, and which are there; None where all are."""
        if (axis, step) not in self._known:
            places = self.columns if axis else self.rows
            there = places + step * self.distance
            there = np.where((there < 0) | (there >= length), places - step * self.distance, there)
            inside = (there >= 0) & (there < length)
            self._known[axis, step] = np.where(inside, there, 0), None if inside.all() else inside
        return self._known[axis, step]


@lru_cache(maxsize=4)
def passes(height: int, width: int) -> tuple[Pass, ...]:
    """All values of a plane, each once, in an order that the size alone decides."""
    found = [_made(0, 0, _COARSEST, height, width, _COARSEST, ())]
    step = _COARSEST
    while step > 1:
        half = step // 2
        found.append(_made(half, half, step, height, width, half, tuple(_DIAGONAL)))
        found += [_made(top, half - top, step, height, width, half, tuple(_ADJACENT)) for top in (0, half)]
        step = half
    return tuple(each for each in found if each.count)


def _made(
    top: int, left: int, step: int, height: int, width: int, distance: int, steps: tuple[tuple[int, int], ...]
) -> Pass:
    rows, columns = np.arange(top, height, step), np.arange(left, width, step)
    return Pass(rows=rows, columns=columns, distance=distance, steps=steps)
