"""The code of an image, of which no more rows are kept than the windows of a row of tiles reach."""

__all__ = ["CodeBand", "CodeRow", "code_bands", "rows_of_tiles"]

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from copyist.compression.tiling import Tile

_UNITS = 16
"""Parts of a step, in which a code is kept as whole numbers of 16 bits where it is whole in them and small enough."""


@final
class CodeRow:
    """The code of a row of tiles, filled tile by tile.

    Args:
        tiles: of one row, from left to right.
        num_maps: M.
    """

    def __init__(self, tiles: Sequence[Tile], *, num_maps: int) -> None:
        self.tiles = tiles
        height, width = tiles[0].size[0], tiles[-1].right
        self._code = torch.empty(1, num_maps, height, width, dtype=torch.int16)

    def put(self, tile: Tile, code: Tensor) -> None:
        """Keep the code (1, M, h, w) of one of the tiles."""
        units = code.double() * _UNITS
        if self._code.dtype == torch.int16 and not torch.equal(units.clamp(-(2**15), 2**15 - 1).short(), units):
            self._code = self._code / _UNITS
        self._code[..., tile.left : tile.right] = units if self._code.dtype == torch.int16 else code

    def columns(self, start: int, end: int) -> Tensor:
        """The code of some columns, (1, M, h, end − start), float32."""
        found = self._code[..., start:end]
        return found / _UNITS if found.dtype == torch.int16 else found

    def keep_last(self, count: int) -> None:
        """Forget all but the last so many rows of positions."""
        self._code = self._code[:, :, max(0, self._code.shape[2] - count) :].clone()


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class CodeBand:
    """A row of tiles and what their windows reach of those above and below."""

    tiles: Sequence[Tile]
    rows: Sequence[CodeRow]
    """From the first position that a window reaches; they may end beyond the last."""

    def window(self, tile: Tile) -> Tensor:
        """The window (1, M, h', w') of one of the tiles, float32."""
        found = [row.columns(tile.beside, tile.beyond) for row in self.rows]
        return torch.cat(found, dim=2)[:, :, : tile.below - tile.above]


def code_bands(rows: Iterable[CodeRow], *, overlap: int) -> Iterator[CodeBand]:
    """A band for each row of tiles, as soon as the row below has come; rows that came are emptied after use.

    Args:
        rows: filled, from top to bottom.
        overlap: positions that a window reaches beyond its tile, no more than a row of tiles has but for the last.
    """
    above: list[CodeRow] = []
    for here, below in itertools.pairwise(itertools.chain(rows, [None])):
        assert here is not None
        yield CodeBand(tiles=here.tiles, rows=[*above, here, *([] if below is None else [below])])
        here.keep_last(overlap)
        above = [here]


def rows_of_tiles(parts: Iterable[Tile]) -> Iterator[list[Tile]]:
    """Tiles by rows."""
    for _, row in itertools.groupby(parts, key=lambda tile: tile.top):
        yield list(row)
