"""Find back from where one's own chain strays to: corrupt, copy, corrupt the copy, and so on, the target unchanged."""

__all__ = ["WalkingBack"]

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor
from torch.nn import functional as F

from copyist.checks import check_at_least, check_whole
from copyist.corruption import Corruption
from copyist.models.contracts import Model
from copyist.objectives.base import Objective
from copyist.randomness import draw_normal
from copyist.tensors import Images


@final
@dataclass(frozen=True, kw_only=True)
class WalkingBack(Objective):
    """The mean squared error against the clean image, along a chain that begins at it.

        x₀ = x,  x̃ₙ = C(xₙ₋₁),  x̂ₙ = D(E(x̃ₙ)),  xₙ = x̂ₙ + N(0, spread²);  mean over n of mean (x̂ₙ − x)²

    With one step it is denoising. More of them visit what the walkback chain of sampling meets far from the data, and
    teach the way back. No gradient passes from one step to the one before.

    Source:
        Bengio et al. (2013), "Generalized Denoising Auto-Encoders as Generative Models", algorithm 1, with a fixed
        number of steps in place of a geometric one.
    """

    corruption: Corruption
    """C, drawn anew for every image and step."""

    steps: int = 4
    """How long the chain is."""

    spread: float = 0.0
    """Standard deviation around the reconstruction that the chain draws with, in units of pixel value."""

    def __post_init__(self) -> None:
        check_whole("steps", self.steps, 1)
        check_at_least("spread", self.spread, 0)

    def __call__(self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        total, state = x.new_zeros(()), x
        for _ in range(self.steps):
            x_hat = model(self.corruption(state, generator=generator)).float()
            total = total + F.mse_loss(x_hat, x)
            state = x_hat.detach()
            if self.spread > 0:
                state = state + draw_normal(x.shape, std=self.spread, generator=generator, like=x)
        return total / self.steps
