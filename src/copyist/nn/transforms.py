"""Cosine bases of patches, in the order of their usual variance in photographs."""

__all__ = ["cosine_basis"]

import math

import torch
from torch import Tensor


def cosine_basis(channels: int, side: int, *, count: int) -> tuple[Tensor, Tensor]:
    """The first `count` of an orthonormal basis of patches, (count, channels, side, side), and their frequencies.

    Each is a cosine down, one across and one over channels. They are ordered by frequency, with differences between
    channels counted as a frequency twelve times as high: photographs vary less in color than in brightness.

    Args:
        channels: of an image.
        side: of a patch.
        count: how many, at most channels·side²; what is beyond is left out, and more than there are begin anew.

    Source:
        Ahmed et al. (1974), "Discrete Cosine Transform".
    """
    across = _cosines(side)  # (side, side)
    over = _cosines(channels)
    order = sorted(
        ((12 * c + u + v, c, u, v) for c in range(channels) for u in range(side) for v in range(side)),
    )
    chosen = [order[index % len(order)] for index in range(count)]
    patterns = [torch.einsum("c,h,w->chw", over[c], across[u], across[v]) for _, c, u, v in chosen]
    return torch.stack(patterns), torch.tensor([float(frequency) for frequency, *_ in chosen])


def _cosines(count: int) -> tuple[Tensor, Tensor]:
    """The orthonormal cosine basis of `count` numbers, a row each."""
    positions = torch.arange(count, dtype=torch.float64)
    rows = torch.cos(math.pi / count * (positions + 0.5) * positions[:, None])
    rows[0] *= 0.5**0.5
    return (rows * (2 / count) ** 0.5).float()
