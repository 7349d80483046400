"""The windows of tiles, each as soon as its code is known; of all codes no more is kept than windows still reach."""

__all__ = ["code_windows"]

from collections import deque
from collections.abc import Iterable, Iterator
from typing import final

import torch
from torch import Tensor

from copyist.compression.tiling import Tile

_UNITS = 16
"""Parts of a step, in which a code is kept as whole numbers of 16 bits where it is whole in them and small enough."""


def code_windows(coded: Iterable[tuple[Tile, Tensor]], *, overlap: int) -> Iterator[tuple[Tile, Tensor]]:
    """Every tile with the code of its window, as soon as the last tile that the window reaches has come.

    What is kept are the codes of one row of tiles and of three tiles more, and a rim of the row above.

    Args:
        coded: the tiles of an image by rows, and the code (1, M, h, w) of each.
        overlap: positions that a window reaches beyond its tile, no more than a tile has but for the last.

    Returns:
        The tiles in the same order, and their windows (1, M, h', w'), float32.
    """
    kept: dict[tuple[int, int], _KeptCode] = {}
    waiting: deque[Tile] = deque()
    height = width = 0
    for last, code in coded:
        if not kept:
            height, width = last.size  # Of all tiles but those at the lower and the right edge.
        kept[last.top // height, last.left // width] = _KeptCode(last, code)
        waiting.append(last)
        while waiting and _has_come(waiting[0], last):
            tile = waiting.popleft()
            reached = [
                (row, column)
                for row in range(tile.above // height, -(-tile.below // height))
                for column in range(tile.beside // width, -(-tile.beyond // width))
            ]
            yield tile, _window(tile, [kept[each] for each in reached])
            still = tile.right - overlap if tile.right < tile.beyond else tile.right
            for each in reached:
                if kept[each].right <= still and not kept[each].keep_from(tile.bottom - overlap):
                    del kept[each]


@final
class _KeptCode:
    """The code (1, M, h, w) of a tile, or its last rows."""

    def __init__(self, tile: Tile, code: Tensor) -> None:
        self.top, self.left, self.bottom, self.right = tile.top, tile.left, tile.bottom, tile.right
        units = code.double() * _UNITS
        whole = units.clamp(-(2**15), 2**15 - 1).short()
        self._code = whole if torch.equal(whole.double(), units) else code.float()

    def put(self, window: Tensor, tile: Tile) -> None:
        """Fill what the window of a tile shows of it."""
        top, bottom = max(self.top, tile.above), min(self.bottom, tile.below)
        left, right = max(self.left, tile.beside), min(self.right, tile.beyond)
        seen = self._code[:, :, top - self.top : bottom - self.top, left - self.left : right - self.left]
        window[:, :, top - tile.above : bottom - tile.above, left - tile.beside : right - tile.beside] = (
            seen.float() / _UNITS if seen.dtype == torch.int16 else seen
        )

    def keep_from(self, row: int) -> bool:
        """Forget the rows before that one; whether any are left."""
        if self.top < row < self.bottom:
            self._code, self.top = self._code[:, :, row - self.top :].clone(), row
        return row < self.bottom

    @property
    def num_maps(self) -> int:
        """M."""
        return self._code.shape[1]


def _has_come(tile: Tile, last: Tile) -> bool:
    """Whether all that the window of a tile reaches has come, where tiles come by rows and so far up to the last."""
    return last.top >= tile.below or (last.bottom >= tile.below and last.right >= tile.beyond)


def _window(tile: Tile, reached: list[_KeptCode]) -> Tensor:
    """The window (1, M, h', w'), of all the codes that it reaches."""
    window = torch.empty(
        1, reached[0].num_maps, tile.below - tile.above, tile.beyond - tile.beside, dtype=torch.float32
    )
    for each in reached:
        each.put(window, tile)
    return window
