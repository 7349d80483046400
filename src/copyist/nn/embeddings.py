"""Positions as vectors."""

__all__ = ["sincos_positions"]

import torch
from torch import Tensor

_SLOWEST = 100
"""Rows or columns in 2π of the slowest wave, about."""


def sincos_positions(rows: int, columns: int, *, width: int) -> Tensor:
    """Sines and cosines of the row and the column of each patch, of several frequencies: (rows·columns, width).

    Half of the units tell the row and half the column. Neighbors are alike, and the shift from one position to another
    is the same linear map wherever they are. `width` must be a multiple of 4.

    Source:
        Vaswani et al. (2017), section 3.5, in two dimensions, with 100 in place of 10,000 since images have few patches
        in a row.
    """
    frequencies = _SLOWEST ** -(torch.arange(width // 4) / (width // 4))
    row, column = (torch.arange(count)[:, None] * frequencies for count in (rows, columns))  # (rows, width / 4), …
    down, across = (torch.cat([phase.sin(), phase.cos()], dim=1) for phase in (row, column))
    return torch.cat([down.repeat_interleave(columns, 0), across.repeat(rows, 1)], dim=1)
