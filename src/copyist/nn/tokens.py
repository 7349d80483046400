"""Transformer blocks over tokens, and sinusoidal positional embeddings."""

__all__ = ["SelfAttention", "TokenBlock", "sincos_positions"]

import torch
from torch import Tensor, nn

from copyist.nn.attention import dot_products

_SLOWEST = 100
"""Rows or columns in 2π of the lowest frequency, about."""


class TokenBlock(nn.Module):
    """h ← h + attention(norm(h)), then h ← h + MLP(norm(h)), for tokens (B, N, D).

    The MLP has one hidden layer of `expansion`·D units with GELU.

    Args:
        width: D.
        heads: of the attention; they divide D.
        expansion: hidden units of the MLP per unit of a token.

    Source:
        Vaswani et al. (2017), section 3, with the normalization in front as in Dosovitskiy et al. (2021),
        equations 2 and 3.
    """

    def __init__(self, width: int, *, heads: int, expansion: int = 4) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads=heads)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, expansion * width), nn.GELU(), nn.Linear(expansion * width, width))

    def forward(self, h: Tensor) -> Tensor:
        h = h + self.attention(self.attention_norm(h))
        return h + self.mlp(self.mlp_norm(h))


class SelfAttention(nn.Module):
    """softmax(q·kᵀ / √d)·v in every head, put together by a linear layer, for tokens (B, N, D).

    Args:
        width: D.
        heads: how many; each has d = D / heads units.

    Source:
        Vaswani et al. (2017), equation 1 and section 3.2.2.
    """

    def __init__(self, width: int, *, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(self, h: Tensor) -> Tensor:
        mixed = dot_products(self.qkv(h), heads=self.heads)  # (B, heads, N, d)
        return self.output(mixed.transpose(1, 2).reshape(h.shape))


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
