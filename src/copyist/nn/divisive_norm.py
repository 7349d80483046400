"""Generalized divisive normalization: maps divided by what their neighbors among the channels amount to."""

__all__ = ["DivisiveNorm"]

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_LEAST = 1e-6
"""Of the constant term, so that nothing is divided by 0."""

_START, _ELSEWHERE = 0.1, 1e-5
"""The weight of a channel in its own sum at the beginning, and of another: small, yet not 0, whose root has no
gradient."""


class DivisiveNorm(nn.Module):
    """Divide each channel by a pool over all channels at the same place: (B, C, H, W) → (B, C, H, W).

        yᵢ = xᵢ / √(βᵢ + Σⱼ γᵢⱼ·xⱼ²)          order 2, the classical one
        yᵢ = xᵢ / (βᵢ + Σⱼ γᵢⱼ·|xⱼ|)          order 1, without squares and roots

    β and γ are squares of the parameters, and so never negative.

    Args:
        channels: C.
        order: 1 or 2.

    Source:
        Ballé et al. (2016), "Density Modeling of Images Using a Generalized Normalization Transformation", with the
        exponents of Ballé et al. (2017), "End-to-end Optimized Image Compression", equation 4; Johnston et al. (2019),
        "Computationally Efficient Neural Image Compression", section 3.2, for order 1.
    """

    def __init__(self, channels: int, *, order: int = 2) -> None:
        super().__init__()
        self.order = order
        self.root_beta = nn.Parameter(torch.ones(channels))
        gamma = torch.full((channels, channels), _ELSEWHERE).fill_diagonal_(_START)
        self.root_gamma = nn.Parameter(gamma.sqrt())

    def forward(self, h: Tensor) -> Tensor:
        """The normalized maps, in the precision of `h`."""
        pooled = h.abs() if self.order == 1 else h.square()
        pool = F.conv2d(pooled, self.root_gamma.square()[:, :, None, None], self.root_beta.square() + _LEAST)
        return h / pool.to(h) if self.order == 1 else h * pool.to(h).rsqrt()
