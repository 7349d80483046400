"""What training minimizes."""

__all__ = ["Objective"]

import abc
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from copyist.models.base import Model
from copyist.tensors import Images


@dataclass(frozen=True, kw_only=True)
class Objective(abc.ABC):
    """A number per batch, the smaller the better; it trains any model that keeps the contract it asks for."""

    uses_labels: ClassVar[bool] = False
    """Whether it trains a `Classifier` on labeled images, and not a `Reconstructor` on images alone."""

    @final
    def check_model(self, model: Model) -> None:
        """Refuse, before training, a model that does not keep the contract this objective asks for.

        Raises:
            ContractError: it copies where names are asked for, or the other way round.
        """
        verb = type(self).__name__
        if self.uses_labels:
            model.as_classifier(verb=verb)
        else:
            model.as_reconstructor(verb=verb)

    @abc.abstractmethod
    def __call__(self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        """The loss, a scalar, of `model` on images (B, C, H, W), and on their classes (B,) where they have any."""
