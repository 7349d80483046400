"""From the units of a table to standard deviations, and back."""

__all__ = ["STATISTICS", "Standardization"]

import torch
from torch import Tensor, nn

STATISTICS = ("standardization.mean", "standardization.std")
"""The names of its buffers in a model whose part `standardization` it is."""


class Standardization(nn.Module):
    """Rows (B, D) ↦ (x − mean) / std, with a mean and a standard deviation per column: 0 and 1 until it is fitted.

    They are no weights: nothing trains them, and a model file holds them.
    """

    def __init__(self, num_columns: int) -> None:
        super().__init__()
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.zeros(num_columns))
        self.register_buffer("std", torch.ones(num_columns))

    @torch.no_grad()
    def fit(self, rows: Tensor) -> None:
        """Take the mean and the standard deviation of each column of `rows`, (N, D), computed in float64."""
        x = rows.double()
        self.mean.copy_(x.mean(0))
        self.std.copy_(x.std(0, correction=0))

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.std

    def inverse(self, x: Tensor) -> Tensor:
        """Rows (B, D) in standard deviations ↦ rows in the table's own units."""
        return x * self.std + self.mean
