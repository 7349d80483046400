"""An image as tiles that are coded apart, each seen through a window that reaches a little over its edges."""

__all__ = ["TILE", "Tile", "code_size", "tiles"]

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt
from torch import Tensor

TILE = 1024
"""Pixels of a tile along each side, about; the format's own, and no setting."""


@final
@dataclass(frozen=True, kw_only=True)
class Tile:
    """A rectangle of positions of the code, each of which stands for a patch of pixels, and a window around it."""

    top: int
    left: int
    bottom: int
    right: int
    """The first position beyond, as below."""

    patch: int
    above: int
    """Where the window begins; it ends `below`, and from `beside` it goes on to `beyond`."""

    beside: int
    below: int
    beyond: int

    @property
    def size(self) -> tuple[int, int]:
        """(h, w), positions."""
        return self.bottom - self.top, self.right - self.left

    @property
    def pixels(self) -> tuple[slice, slice]:
        """The pixels of the tile; those beyond the image are none."""
        return (
            slice(self.top * self.patch, self.bottom * self.patch),
            slice(self.left * self.patch, self.right * self.patch),
        )

    def window_of_pixels(self, pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The window of an image (H, W, C); the last row and column are repeated to whole patches."""
        rows, columns = (
            np.minimum(np.arange(start * self.patch, end * self.patch), length - 1)
            for start, end, length in zip(
                (self.above, self.beside), (self.below, self.beyond), pixels.shape[:2], strict=True
            )
        )
        return pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1][
            np.ix_(rows - rows[0], columns - columns[0])
        ]

    def within_window(self, code: Tensor) -> Tensor:
        """The tile's own part of the code (1, M, h', w') of its window."""
        top, left = self.top - self.above, self.left - self.beside
        return code[:, :, top : top + self.size[0], left : left + self.size[1]]

    def pixels_within_window(self, x: Tensor) -> Tensor:
        """The tile's own part of the pixels (1, C, H', W') of its window."""
        top, left = (self.top - self.above) * self.patch, (self.left - self.beside) * self.patch
        height, width = (length * self.patch for length in self.size)
        return x[:, :, top : top + height, left : left + width]


def tiles(height: int, width: int, *, patch: int, overlap: int, side: int = TILE) -> Iterator[Tile]:
    """The tiles of an image of so many pixels, by rows.

    Args:
        height: H.
        width: W.
        patch: pixels of a patch along each side.
        overlap: patches that a window reaches beyond its tile, where the image does.
        side: pixels of a tile along each side.
    """
    step = side // patch
    rows, columns = -(-height // patch), -(-width // patch)
    for top in range(0, rows, step):
        for left in range(0, columns, step):
            bottom, right = min(top + step, rows), min(left + step, columns)
            yield Tile(
                top=top,
                left=left,
                bottom=bottom,
                right=right,
                patch=patch,
                above=max(0, top - overlap),
                beside=max(0, left - overlap),
                below=min(rows, bottom + overlap),
                beyond=min(columns, right + overlap),
            )


def code_size(height: int, width: int, *, patch: int) -> tuple[int, int]:
    """(h, w) of the code of an image."""
    return -(-height // patch), -(-width // patch)
