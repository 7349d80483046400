"""The order in which the values of a plane are coded: from a coarse lattice to all, each between known ones."""

__all__ = ["NUM_NEAR", "Pass", "passes"]

from collections.abc import Iterator
from dataclasses import dataclass
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

    @property
    def count(self) -> int:
        """How many values there are."""
        return len(self.rows) * len(self.columns)

    def of(self, plane: npt.NDArray[Any], step: tuple[int, int] = (0, 0)) -> Integers:
        """The values (N,) of a plane (H, W) at these places, or so many distances away; 0 where there is none.

        Beyond a border the plane is mirrored.
        """
        rows, down = _mirrored(self.rows, step[0] * self.distance, plane.shape[0])
        columns, across = _mirrored(self.columns, step[1] * self.distance, plane.shape[1])
        found = plane[np.ix_(rows, columns)].astype(np.int64)
        if not (down.all() and across.all()):
            found *= down[:, None] & across
        return found.ravel()

    def put(self, plane: npt.NDArray[Any], values: Integers) -> None:
        """Write values (N,) to these places."""
        plane[np.ix_(self.rows, self.columns)] = values.reshape(len(self.rows), len(self.columns))


def passes(height: int, width: int) -> Iterator[Pass]:
    """All values of a plane, each once, in an order that the size alone decides."""

    yield _made(0, 0, _COARSEST, height, width, _COARSEST, ())
    step = _COARSEST
    while step > 1:
        half = step // 2
        yield _made(half, half, step, height, width, half, tuple(_DIAGONAL))
        yield _made(0, half, step, height, width, half, tuple(_ADJACENT))
        yield _made(half, 0, step, height, width, half, tuple(_ADJACENT))
        step = half


def _made(
    top: int, left: int, step: int, height: int, width: int, distance: int, steps: tuple[tuple[int, int], ...]
) -> Pass:
    rows, columns = np.arange(top, height, step), np.arange(left, width, step)
    return Pass(rows=rows, columns=columns, distance=distance, steps=steps)


def _mirrored(places: Integers, offset: int, length: int) -> tuple[Integers, npt.NDArray[np.bool_]]:
    """Places so far away, those beyond a border on the other side instead; and which of them are there at all."""
    there = places + offset
    there = np.where((there < 0) | (there >= length), places - offset, there)
    inside = (there >= 0) & (there < length)
    return np.where(inside, there, 0), inside
