"""How far the copy of an example is from the example, as it is or after noise was added and taken off again."""

__all__ = ["DenoisingError", "Displacement", "ReconstructionError"]

from dataclasses import dataclass
from functools import partial
from typing import final

import torch
from torch import Tensor

from copyist.checks import check_positive, check_whole
from copyist.detection.copies import Copies
from copyist.detection.measures.contract import AnomalyMeasure, Statistics
from copyist.randomness import draw_normal, generator
from copyist.tensors import PerImage, Rows

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


@final
@dataclass(frozen=True, kw_only=True)
class Displacement(AnomalyMeasure):
    """‖D(E(x)) − x‖, rows of a table in the units of the model: how far a denoiser moves an example without noise.

    Of a denoiser trained with noise of σ, this is σ² times the length of the score of the noisy data at x: what lies
    far from all data is moved far.

    Source:
        Miyasawa (1961); arXiv 2605.06955, which detects by it.
    """

    def fit(self, train: Copies, held_out: Copies) -> Statistics:
        return {}

    def __call__(self, copies: Copies, statistics: Statistics) -> PerImage:
        return (copies.copied_row - copies.row).norm(dim=1)

    def parts(self, copies: Copies, statistics: Statistics) -> Tensor:
        """|D(E(x)) − x| of each column in its unit; of images the root mean square over the channels of a pixel."""
        return _parts((copies.copied_row - copies.row).square(), copies)


@final
@dataclass(frozen=True, kw_only=True)
class DenoisingError(AnomalyMeasure):
    """√E ‖D(E(x + σn)) − x‖² with n ~ N(0, I): how well noise that was added to an example is taken off again.

    Rows of a table, σ and distances are in the units of the model. The same draws are added to all examples.
    """

    sigma: float = 1.0
    """σ, greater than 0: of rows in the units of the model, of images in units of pixel value."""

    draws: int = 4
    """Noisy copies of each example."""

    def __post_init__(self) -> None:
        check_positive("sigma", self.sigma)
        check_whole("draws", self.draws, 1)

    def fit(self, train: Copies, held_out: Copies) -> Statistics:
        return {}

    def __call__(self, copies: Copies, statistics: Statistics) -> PerImage:
        return self._squared_error(copies).sum(1).sqrt()

    def parts(self, copies: Copies, statistics: Statistics) -> Tensor:
        """The root mean square error of each column in its unit, or of each pixel over its channels."""
        return _parts(self._squared_error(copies), copies)

    def _squared_error(self, copies: Copies) -> Rows:
        """The mean over the draws of the squared error of each value, (B, N)."""
        rows, source = copies.row, generator(0, "denoising error")
        total = torch.zeros_like(rows)
        draw = partial(draw_normal, rows.shape[1:], std=self.sigma, generator=source, like=rows)
        for number in range(self.draws):
            noise = copies.draw((self, number), draw)
            total += (copies.copied_row_of(rows + noise) - rows).square()
        return total / self.draws


def _parts(squared: Rows, copies: Copies) -> Tensor:
    """Of squares (B, N) of values, their roots by column (B, D), or by pixel (B, H, W) over channels."""
    return (squared if copies.x.ndim == 2 else squared.view_as(copies.x).mean(1)).sqrt()
