"""Blocks over tokens: each token looks at all others, then thinks for itself."""

__all__ = ["SelfAttention", "TokenBlock"]

from torch import Tensor, nn

from copyist.nn.attention import dot_products


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
