"""What a sampler of diffusion models is to sample: the denoiser it calls, where it starts, and what is known."""

__all__ = ["Problem"]

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from copyist.models.contracts import Diffusion
from copyist.procedures.method import ApplyPart


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Problem:
    """One batch of samples to be, in units of the spread of the model's space, around its center."""

    model: Diffusion

    apply: ApplyPart
    """How the model is applied to many examples."""

    start: Tensor
    """(B, ...), the clean examples that noise is added to at first: 0 where nothing is given."""

    strength: float = 1.0
    """In [0, 1], the share of the noise levels that is gone down from there."""

    labels: Tensor | None = None
    """(B,), int64, the classes; None for none."""

    guidance: float = 1.0
    """How far the estimate goes from that without the class to that with it."""

    known: Tensor | None = None
    """(B, 1, ...), bool: True where `start` is known, and kept; None where nothing is."""

    times: int = 1
    """How many times each step is taken, with noise added in between."""

    deterministic: bool = False
    """Whether `start` is led up the flow to the first level, in place of adding noise."""

    def denoise(self, x: Tensor, sigma: float) -> Tensor:
        """D(x; σ), guided where a class is, and what is known in its place.

            D = D(x; σ) + g·(D(x; σ, class) − D(x; σ)),  g the guidance

        With the known part in the estimate, every sampler leads noisy examples there through known + σ·ε, as
        replacing it at every level does, and ends on it.

        Source:
            Ho & Salimans (2022), "Classifier-Free Diffusion Guidance", equation 6, where g = 1 + w; Lugmayr et al.
            (2022), "RePaint", equation 8.
        """
        estimate = self._estimate(x, sigma, self.labels)
        if self.labels is not None and self.guidance != 1:
            free = self._estimate(x, sigma, None)
            estimate = free + self.guidance * (estimate - free)
        return estimate if self.known is None else torch.where(self.known, self.start, estimate)

    def in_space(self, x: Tensor) -> Tensor:
        """The examples in the model's own units."""
        return self.model.center + self.model.spread * x

    def _estimate(self, x: Tensor, sigma: float, labels: Tensor | None) -> Tensor:
        model = self.model

        # Rows, so that each example goes with its class.
        def clean(rows: Tensor) -> Tensor:
            part = self.in_space(x[rows])
            levels = part.new_full((len(part),), model.spread * sigma)
            return model(part, levels, None if labels is None else labels[rows])

        found = self.apply(clean, torch.arange(len(x), device=x.device))
        return (found.to(x.dtype) - model.center) / model.spread
