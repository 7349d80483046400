"""Reconstruction of the clean image, from itself or from a corrupted one: squared error or cross entropy."""

__all__ = ["Copying", "CrossEntropy", "Denoising", "WalkingBack"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor
from torch.nn import functional as F

from copyist.checks import check_at_least, check_whole
from copyist.corruption import Corruption, Identity
from copyist.errors import ArgumentError
from copyist.models.contracts import Model
from copyist.models.in_batches import in_batches
from copyist.objectives.base import PROBE_SCALE, Objective, corrupted_rows
from copyist.randomness import draw_normal
from copyist.tensors import Images

_CLEAN = Identity()

_OUTPUT = "let the model end with a sigmoid (output=sigmoid)"

_LEAST = 1e-7
"""Of the copy and of what is left to 1: the logarithm of 0 is infinite."""


@final
@dataclass(frozen=True, kw_only=True)
class Copying(Objective):
    """The mean squared error of the copy: mean (D(E(x)) − x)², over images, channels and positions."""

    def __call__(self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        return F.mse_loss(model(x).float(), x)


@final
@dataclass(frozen=True, kw_only=True)
class Denoising(Objective):
    """The mean squared error against the clean image: mean (D(E(x̃)) − x)² with x̃ = C(x).

    Source:
        Vincent et al. (2008), section 2.3.
    """

    corruption: Corruption
    """C, drawn anew for every image and step."""

    def __call__(self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        return F.mse_loss(model(self.corruption(x, generator=generator)).float(), x)

    def pictures(self, model: Model, x: Images, *, generator: torch.Generator) -> Mapping[str, Images]:
        """The images and their copies, and the same of the images as they are corrupted in training."""
        x_tilde = self.corruption(x, generator=generator)
        return {"image": x, "copy": in_batches(model, model, x), **corrupted_rows("corrupted", model, x_tilde)}


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


@final
@dataclass(frozen=True, kw_only=True)
class CrossEntropy(Objective):
    """The cross entropy of the copy of a corrupted image and the clean image, in nats per value.

        mean −(x log x̂ + (1 − x) log(1 − x̂)) with x̂ = D(E(C(x)))

    Images and copies must lie in [0, 1]: the model's output must be a sigmoid.

    Source:
        Vincent et al. (2010), "Stacked Denoising Autoencoders", section 2.2, the affine + sigmoid decoder.
    """

    corruption: Corruption = _CLEAN
    """C, drawn anew for every image and step."""

    def __call__(self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        x_hat = model(self.corruption(x, generator=generator)).float()
        _check_probabilities("images", x, remedy="copy what is not in [0, 1], as tables, by squared error")
        _check_probabilities("copies", x_hat, remedy=_OUTPUT)
        x_hat = x_hat.clamp(_LEAST, 1 - _LEAST)
        return -(x * x_hat.log() + (1 - x) * (1 - x_hat).log()).mean()

    def try_batch(self, model: Model, x: Images, *, labels: Tensor | None) -> None:
        super().try_batch(model, x, labels=labels)
        _check_probabilities("copies", model(PROBE_SCALE * x), remedy=_OUTPUT)


def _check_probabilities(name: str, values: Tensor, *, remedy: str) -> None:
    low, high = (float(end) for end in torch.aminmax(values.detach()))
    if low < 0 or high > 1:
        raise ArgumentError(f"cross entropy must be given {name} in [0, 1], got {low:.4g} to {high:.4g}; {remedy}")
