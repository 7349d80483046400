"""How far the copy of an example is from the example."""

__all__ = ["ReconstructionError"]

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from copyist.detection.copies import Copies
from copyist.detection.measures.contract import AnomalyMeasure, Statistics
from copyist.tensors import PerImage

_LEAST = 1e-6
"""A mean squared residual below this share of the largest one is no unit to measure in."""


@final
@dataclass(frozen=True, kw_only=True)
class ReconstructionError(AnomalyMeasure):
    """The mean over an example's values of (D(E(x)) − x)², in units of that value's own mean on normal data."""

    def fit(self, train: Copies, held_out: Copies) -> Statistics:
        """The mean squared residual of each value, or of images of each channel, of held-out examples."""
        squared = (held_out.x_hat - held_out.x).square()
        unit = squared.mean(0) if squared.ndim == 2 else squared.mean((0, 2, 3))
        return {"unit": unit.clamp_min(_LEAST * float(unit.max().clamp_min(torch.finfo(unit.dtype).tiny)))}

    def __call__(self, copies: Copies, statistics: Statistics) -> PerImage:
        return self._in_units(copies, statistics).flatten(1).mean(1)

    def parts(self, copies: Copies, statistics: Statistics) -> Tensor:
        found = self._in_units(copies, statistics)
        return found if found.ndim == 2 else found.mean(1)

    def _in_units(self, copies: Copies, statistics: Statistics) -> Tensor:
        squared = (copies.x_hat - copies.x).square()
        unit = statistics["unit"].to(squared)
        return squared / (unit if squared.ndim == 2 else unit[:, None, None])
