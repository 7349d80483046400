"""Copy, where every value is the probability of a one."""

__all__ = ["CrossEntropy"]

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from copyist.corruption import Corruption, Identity
from copyist.errors import ArgumentError
from copyist.models.contracts import Model
from copyist.models.in_batches import in_batches
from copyist.objectives.base import LOUD, Objective
from copyist.tensors import Images

_CLEAN = Identity()

_OUTPUT = "let the model end with a sigmoid (output=sigmoid)"

_LEAST = 1e-7
"""Of the copy and of what is left to 1: the logarithm of 0 is infinite."""


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

    @torch.no_grad()
    def check_data(self, model: Model, x: Images, *, labels: Tensor | None = None) -> None:
        super().check_data(model, x, labels=labels)
        _check_probabilities("copies", in_batches(model, model, LOUD * x[: model.batch_size]), remedy=_OUTPUT)

    def __call__(self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        x_hat = model(self.corruption(x, generator=generator)).float()
        _check_probabilities("images", x, remedy="copy what is not in [0, 1], as tables, by squared error")
        _check_probabilities("copies", x_hat, remedy=_OUTPUT)
        x_hat = x_hat.clamp(_LEAST, 1 - _LEAST)
        return -(x * x_hat.log() + (1 - x) * (1 - x_hat).log()).mean()


def _check_probabilities(name: str, values: Tensor, *, remedy: str) -> None:
    low, high = (float(end) for end in torch.aminmax(values.detach()))
    if low < 0 or high > 1:
        raise ArgumentError(f"cross entropy must be given {name} in [0, 1], got {low:.4g} to {high:.4g}; {remedy}")
