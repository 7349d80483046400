"""The contracts of greedy layer-wise pretraining: stacks of shallow autoencoders, and what starts from one."""

__all__ = ["Pretrainable", "PretrainableConfig", "Stack"]

import abc
from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from copyist.models.contracts.copying import Autoencoder
from copyist.models.contracts.model import Model, ModelConfig


class Stack(Autoencoder):
    """Shallow autoencoders in a row: E = Eₙ ∘ … ∘ E₁ and D = D₁ ∘ … ∘ Dₙ, of images or of standardized rows."""

    refusal: ClassVar[str] = "{verb} needs layers in a row, and {name} has none; take an mlp"

    encoder: nn.Sequential
    """From images to the code, all layers together."""

    @property
    @abc.abstractmethod
    def layers(self) -> tuple[Autoencoder, ...]:
        """The autoencoders it is made of, the outermost first, which share its weights.

        The first takes images, or rows in standard deviations whatever units the stack takes; each other takes the
        codes of the one before it, as (B, units, 1, 1).
        """


class Pretrainable(Model):
    """A model that begins with the layers of a stack."""

    refusal: ClassVar[str] = "{verb} needs layers in a row, and {name} has none; take an mlp"

    @abc.abstractmethod
    def start_from(self, stack: Stack) -> None:
        """Copy the weights of as many layers as the stack has, from the outermost inward, in place."""


@dataclass(frozen=True, kw_only=True)
class PretrainableConfig(ModelConfig):
    """The settings that rebuild a `Pretrainable`, without its weights."""

    refusal: ClassVar[str] = (
        "{verb} needs layers in a row, and {name} describes none; "
        "take an mlp or a stacked-classifier (--set model=mlp), or leave pretraining out (--set pretraining=none)"
    )

    @abc.abstractmethod
    def stacks(self) -> tuple[ModelConfig, ...]:
        """The stacks that greedy pretraining trains in turn, each with a layer more; the model starts from the last."""

    @abc.abstractmethod
    def build(self) -> Pretrainable: ...
