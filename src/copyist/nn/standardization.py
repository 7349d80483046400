"""From the units of a table to standard deviations, and back."""

__all__ = ["Standardization"]

import torch
from torch import Tensor, nn


class Standardization(nn.Module):
    """Rows (B, D) ↦ (x − mean) / std, with a mean and a standard deviation per column: 0 and 1 until they are set.

    They are no weights: nothing trains them, and a model file holds them.
    """

    def __init__(self, num_columns: int) -> None:
        super().__init__()
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.zeros(num_columns))
        self.register_buffer("std", torch.ones(num_columns))

    @torch.no_grad()
    def set(self, *, mean: Tensor, std: Tensor) -> None:
        """Take the statistics (D,) of a table."""
        self.mean.copy_(mean)
        self.std.copy_(std)

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.std

    def inverse(self, x: Tensor) -> Tensor:
        """Rows (B, D) in standard deviations ↦ rows in the table's own units."""
        return x * self.std + self.mean
