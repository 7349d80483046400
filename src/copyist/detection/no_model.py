"""In place of a model, where the measure looks at examples alone: it takes images, and has nothing to run."""

__all__ = ["NoModel"]

from typing import ClassVar, final

import torch
from torch import Tensor, nn

from copyist.errors import ContractError, ShapeError
from copyist.models.contracts import Model, ModelConfig, TrainedOn
from copyist.tensors import Examples


@final
class NoModel(Model):
    """Takes images of any size with the channels of those that a detector was fitted on, and copies none."""

    refusal: ClassVar[str] = "{verb} works without a model, and {name} is one; take a measure that looks at it"

    def __init__(self, trained_on: TrainedOn) -> None:
        """Of the examples that the detector was fitted on."""
        super().__init__()
        self.trained_on = trained_on
        # No number is in it: it says on which device examples are measured, and in which type.
        self.place = nn.Parameter(torch.empty(0), requires_grad=False)

    @property
    def config(self) -> ModelConfig:
        raise ContractError(_NOTHING)

    def check_input(self, x: Examples) -> None:
        channels = self.trained_on.image_shape
        if channels is not None and x.shape[1] != channels[0]:
            raise ShapeError(
                f"images must have {channels[0]} channels, as those that the detector was fitted on, got {x.shape[1]}; "
                "convert them"
            )

    def forward(self, x: Examples) -> Tensor:
        raise ContractError(_NOTHING)


_NOTHING = (
    "the detector measures examples without a model, and there is none that could copy them; fit one that has one"
)
