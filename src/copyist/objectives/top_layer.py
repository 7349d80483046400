"""Train the innermost layer of a stack, on what the layers below it make of images."""

__all__ = ["TopLayer"]

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, final

import torch
from torch import Tensor, nn

from copyist.errors import ArgumentError
from copyist.models.contracts import Autoencoder, Model, Stack, needs
from copyist.objectives.base import LOUD, Objective
from copyist.tensors import Images


@final
@dataclass(frozen=True, kw_only=True)
class TopLayer(Objective):
    """Another objective, for the innermost layer of a stack alone; the layers below it stay as they are.

    That layer copies h = Eₙ₋₁(… E₁(x)), where the images x are clean: a corruption falls on h.

    Source:
        Vincent et al. (2010), "Stacked Denoising Autoencoders", section 3.4 and figure 3.
    """

    trains: ClassVar[type[Model]] = Stack

    objective: Objective
    """What the layer minimizes on h, as images (B, units, 1, 1)."""

    def __post_init__(self) -> None:
        if self.objective.uses_labels:
            raise ArgumentError(
                f"a layer must be trained to copy, got {type(self.objective).__name__}, which needs labels; "
                "take copying, denoising or cross-entropy"
            )

    @torch.no_grad()
    def check_data(self, model: Model, x: Images, *, labels: Tensor | None = None) -> None:
        layer, h = _top(model, x)
        self.objective.check_data(layer, h)
        if len(needs(model, Stack, verb="TopLayer").layers) > 1:
            # Codes that have no bounds may leave those of the objective at any step.
            self.objective.check_data(layer, _top(model, LOUD * x)[1])

    def __call__(self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        layer, h = _top(model, x)
        return self.objective(layer, h, generator=generator)

    def frozen(self, model: Model) -> Iterator[nn.Parameter]:
        *below, top = needs(model, Stack, verb="TopLayer").layers
        self.objective.check_model(top)
        for layer in below:
            yield from layer.parameters()

    def warmed(self, progress: float) -> Objective:
        return replace(self, objective=self.objective.warmed(progress))

    def measures(
        self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None
    ) -> dict[str, float]:
        layer, h = _top(model, x)
        return self.objective.measures(layer, h, generator=generator)

    @property
    def mends(self) -> bool:
        return self.objective.mends

    def mend(self, model: Model, x: Images, *, step: int, generator: torch.Generator) -> None:
        layer, h = _top(model, x)
        self.objective.mend(layer, h, step=step, generator=generator)


@torch.no_grad()
def _top(model: Model, x: Images) -> tuple[Autoencoder, Images]:
    """The innermost layer, and what the layers below it make of the images."""
    *below, top = needs(model, Stack, verb="TopLayer").layers
    for layer in below:
        x = layer.encode(x).float()[:, :, None, None]  # (B, units, 1, 1)
    return top, x
