"""From the units of a table to standard deviations, and back."""

__all__ = ["STATISTICS", "ColumnUnit", "Standardization"]

from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor, nn

STATISTICS = ("standardization.mean", "standardization.std", "standardization.origin")
"""The names of its buffers in a model whose part `standardization` it is."""


ColumnUnit: TypeAlias = Literal["std", "tails"]
"""What a column of a table is measured in: its standard deviation, or one that grows with its tails."""


class Standardization(nn.Module):
    """Rows (B, D) ↦ (x − origin − mean) / std, with three numbers per column: 0, 0 and 1 until it is fitted.

    The origin is 0 but for rows in float64, of which a column may lie so far from 0 that float32 does not hold its
    range, such as times in seconds: it is subtracted in float64, and added again in float64. They are no weights:
    nothing trains them, and a model file holds them; origins that are all 0 are left out of it.
    """

    def __init__(self, num_columns: int) -> None:
        super().__init__()
        self.mean: Tensor
        self.std: Tensor
        self.origin: Tensor
        self.register_buffer("mean", torch.zeros(num_columns))
        self.register_buffer("std", torch.ones(num_columns))
        self.register_buffer("origin", torch.zeros(num_columns))
        self.has_origin = False
        self.register_state_dict_post_hook(_leave_out_origin)
        self.register_load_state_dict_pre_hook(_fill_in_origin)

    @torch.no_grad()
    def fit(self, rows: Tensor, *, unit: ColumnUnit = "std") -> None:
        """Take the mean and the unit of each column of `rows`, (N, D), computed in float64.

        With central moments μ₂ and μ₄, the unit is

            std    √μ₂, so that every column has variance 1
            tails  c·√(μ₄/μ₂), the standard deviation times the root of the kurtosis, with the c by which the mean of
                   the columns' variances is 1

        In the latter a column that is nearly constant but for a few rows, or has long tails, counts less; noise of one
        σ in all columns is then in standard deviations the larger, the heavier a column's tails, after the idea of
        arXiv 2605.06955 (there σ is linear in the kurtosis, and clipped). The unit of a constant column is 1.
        """
        x = rows.double()
        mean, std = x.mean(0), x.std(0, correction=0)
        self.has_origin = rows.dtype == torch.float64
        # One that float32 holds; what it is rounded by stays in the mean.
        self.origin.copy_(mean if self.has_origin else torch.zeros_like(mean))
        self.mean.copy_(mean - self.origin.double())
        constant = (x == x[:1]).all(0)
        if unit == "tails":
            std = _by_tails(x - mean, std, constant)
        self.std.copy_(torch.where(constant, 1.0, std))

    def forward(self, x: Tensor) -> Tensor:
        if self.has_origin:
            x = (_exact(x) - self.origin).to(self.mean.dtype)
        return (x - self.mean) / self.std

    def inverse(self, x: Tensor) -> Tensor:
        """Rows (B, D) in standard deviations ↦ rows in the table's own units: float64 where there is an origin."""
        rows = x * self.std + self.mean
        return _exact(rows) + self.origin if self.has_origin else rows


def _by_tails(centered: Tensor, std: Tensor, constant: Tensor) -> Tensor:
    z = centered / torch.where(constant, 1.0, std)
    root = z.pow(4).mean(0).sqrt().clamp_min(1)  # Of the kurtosis, which is 1 at least.
    spread = (1 / root.square())[~constant].mean().sqrt()
    return std * root * spread


def _exact(x: Tensor) -> Tensor:
    """In float64, where the device has it."""
    return x if x.device.type == "mps" else x.double()


def _leave_out_origin(module: nn.Module, state: dict[str, Any], prefix: str, metadata: Any) -> None:
    """Files of tables that need no origin are those of earlier versions."""
    if isinstance(module, Standardization) and not module.has_origin:
        state.pop(f"{prefix}origin", None)


def _fill_in_origin(module: nn.Module, state: dict[str, Any], prefix: str, *others: Any) -> None:
    if isinstance(module, Standardization):
        module.has_origin = f"{prefix}origin" in state
        state.setdefault(f"{prefix}origin", torch.zeros_like(module.origin))
