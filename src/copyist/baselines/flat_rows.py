"""Examples as short rows in comparable units, for detectors that take no images."""

__all__ = ["FlatRows"]

from dataclasses import dataclass
from typing import Self, final

import torch
from torch import Tensor

from copyist.metrics.distribution import pixel_features
from copyist.tensors import Examples, Rows

MOST_SIDE = 32
"""Pixels per side that an image is averaged down to, where its shorter side has more."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class FlatRows:
    """Rows of a table in standard deviations of normal ones; images averaged down and flattened, in pixel values."""

    mean: Tensor | None
    """(D,), of each column; None of images."""

    std: Tensor | None
    """(D,), of each column, 1 where it does not vary; None of images."""

    @classmethod
    def fit(cls, train: Examples) -> Self:
        """Learn the units of normal examples (N, ...)."""
        if train.ndim != 2:
            return cls(mean=None, std=None)
        std = train.std(0, correction=0)
        return cls(mean=train.mean(0), std=torch.where(std > 0, std, 1))

    def __call__(self, x: Examples) -> Rows:
        """(B, D) of rows, or (B, C · side²) of images whose side is at most 32."""
        if self.mean is None or self.std is None:
            return pixel_features(x, side=min(MOST_SIDE, *x.shape[-2:]))
        return (x - self.mean.to(x)) / self.std.to(x)
