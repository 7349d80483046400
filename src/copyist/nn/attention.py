"""Attention over tokens and over the positions of maps, at quadratic and at linear cost."""

__all__ = ["ATTENTIONS", "AttentionKind", "DotAttention", "LinearAttention", "attention", "dot_products"]

from typing import Literal, TypeAlias, get_args

from torch import Tensor, nn
from torch.nn import functional as F

from copyist.checks import check_whole

AttentionKind: TypeAlias = Literal["linear", "dot"]
"""The kind of attention between positions.

linear   a product of a softmax over features and one over positions; time and memory grow with the positions
dot      a softmax over positions of dot products; time grows with their square
"""

ATTENTIONS: tuple[str, ...] = get_args(AttentionKind)
"""Their names."""


def attention(kind: AttentionKind, maps: int, *, heads: int = 4, head_width: int = 32) -> nn.Module:
    """Attention of one kind, over maps (B, C, H, W)."""
    layer = LinearAttention if kind == "linear" else DotAttention
    return layer(maps, heads=heads, head_width=head_width)


class LinearAttention(nn.Module):
    """Attention over the H·W positions of maps (B, C, H, W), at a cost linear in them.

        out = (softmax(k) vᵀ)ᵀ softmax(q) / √d, k over positions and q over its d features

    Each position thus reads from a summary (d, d) of all positions. Without the 1 / √d its weights on them would sum
    to 1. A group norm over all maps and positions of an image ends it. It has no positional embedding.

    Args:
        maps: C.
        heads: how many attend side by side.
        head_width: d, features per head.

    Raises:
        ArgumentError: a number is not a whole one of at least 1.

    Source:
        Shen et al. (2018), "Efficient attention", section 3.2, with the softmaxes apart; Katharopoulos et al. (2020),
        equation 5, for the general form.
    """

    def __init__(self, maps: int, *, heads: int = 4, head_width: int = 32) -> None:
        super().__init__()
        self.heads = heads
        self.project, self.output = _projections(maps, heads, head_width)
        self.norm = nn.GroupNorm(1, maps)

    def forward(self, h: Tensor) -> Tensor:
        """Maps (B, C, H, W) to maps of the same shape."""
        q, k, v = _heads(_tokens(self.project(h)), self.heads)
        q = q.softmax(dim=-1) * q.shape[-1] ** -0.5
        context = k.softmax(dim=-2).mT @ v  # (B, heads, d, d)
        return self.norm(self.output(_maps(q @ context, h)))


class DotAttention(nn.Module):
    """Dot-product attention over the H·W positions of maps (B, C, H, W).

        out = v softmax(kᵀ q / √d), over the positions of k

    It has no positional embedding. PyTorch's fast kernels have a gradient, but neither a second one nor a
    derivative in forward mode; within `torch.nn.attention.sdpa_kernel(SDPBackend.MATH)` it has both.

    Args:
        maps: C.
        heads: how many attend side by side.
        head_width: d, features per head.

    Raises:
        ArgumentError: a number is not a whole one of at least 1.

    Source:
        Vaswani et al. (2017), equation 1.
    """

    def __init__(self, maps: int, *, heads: int = 4, head_width: int = 32) -> None:
        super().__init__()
        self.heads = heads
        self.project, self.output = _projections(maps, heads, head_width)

    def forward(self, h: Tensor) -> Tensor:
        """Maps (B, C, H, W) to maps of the same shape."""
        return self.output(_maps(dot_products(_tokens(self.project(h)), heads=self.heads), h))


def dot_products(tokens: Tensor, *, heads: int) -> Tensor:
    """softmax(q·kᵀ / √d)·v in every head, over the N tokens of k.

    Args:
        tokens: (B, N, 3·heads·d): all of q, all of k and all of v side by side, each head by head.
        heads: how many attend side by side.

    Returns:
        (B, heads, N, d).

    Source:
        Vaswani et al. (2017), equation 1.
    """
    return F.scaled_dot_product_attention(*_heads(tokens, heads))


def _projections(maps: int, heads: int, head_width: int) -> tuple[nn.Conv2d, nn.Conv2d]:
    for name, value in (("maps", maps), ("heads", heads), ("head_width", head_width)):
        check_whole(name, value, 1)
    features = heads * head_width
    return nn.Conv2d(maps, 3 * features, 1, bias=False), nn.Conv2d(features, maps, 1)


def _tokens(h: Tensor) -> Tensor:
    batch, features, height, width = h.shape
    # PyTorch's fast attention wants the features of a position side by side.
    return h.permute(0, 2, 3, 1).contiguous().view(batch, height * width, features)


def _heads(tokens: Tensor, heads: int) -> tuple[Tensor, Tensor, Tensor]:
    batch, count, features = tokens.shape
    q, k, v = tokens.view(batch, count, 3, heads, features // (3 * heads)).permute(2, 0, 3, 1, 4)
    return q, k, v  # each (B, heads, N, d)


def _maps(tokens: Tensor, like: Tensor) -> Tensor:
    batch, _, height, width = like.shape
    return tokens.mT.reshape(batch, -1, height, width)
