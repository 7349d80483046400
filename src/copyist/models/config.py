"""The contract of what describes a model: enough to build it again, but for its weights."""

__all__ = ["ClassifierConfig", "ModelConfig"]

import abc
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self, final

from copyist.checks import check_at_least
from copyist.errors import ArgumentError, ContractError

if TYPE_CHECKING:
    from copyist.models.base import Classifier, Model


@dataclass(frozen=True, kw_only=True)
class ModelConfig(abc.ABC):
    """What it takes to build a model again, but for its weights."""

    @abc.abstractmethod
    def fitted(self, shape: tuple[int, ...]) -> Self:
        """Fill in what was left to the data, for images (C, H, W) or rows (D,) of a table.

        Raises:
            ShapeError: the config was built for other examples, or takes no tables.
        """

    def with_classes(self, num_classes: int) -> Self:
        """Fill in how many classes there are; a model that names none stays as it is.

        Raises:
            ArgumentError: the config was built for fewer classes.
        """
        return self

    def stacks(self) -> "tuple[ModelConfig, ...]":
        """The stacks that greedy pretraining trains in turn, each with a layer more; the model starts from the last.

        Raises:
            ContractError: the model is not made of layers in a row.
        """
        raise ContractError(
            f"pretraining needs layers in a row, and {type(self).__name__} describes none; "
            "take an mlp or a stacked-classifier, or leave pretraining out"
        )

    @abc.abstractmethod
    def build(self) -> "Model":
        """A model of this shape with fresh weights, drawn from torch's global generator."""


@dataclass(frozen=True, kw_only=True)
class ClassifierConfig(ModelConfig):
    """What it takes to build a classifier again, but for its weights."""

    num_classes: int | None = None
    """K; None takes the data's."""

    def __post_init__(self) -> None:
        if self.num_classes is not None:
            check_at_least("num_classes", self.num_classes, 1)

    @final
    def with_classes(self, num_classes: int) -> Self:
        if self.num_classes is not None and self.num_classes < num_classes:
            raise ArgumentError(
                f"the model was built for {self.num_classes} classes, got {num_classes}; leave num_classes open"
            )
        return replace(self, num_classes=self.num_classes or num_classes)

    @final
    def known_classes(self) -> int:
        """K, of a config that is about to be built.

        Raises:
            ArgumentError: it was left open.
        """
        if self.num_classes is None:
            raise ArgumentError("a classifier must know its num_classes; give it, or train it by classification")
        return self.num_classes

    @abc.abstractmethod
    def build(self) -> "Classifier": ...
