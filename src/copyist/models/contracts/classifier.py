"""The contract of models that classify images, and its config."""

__all__ = ["Classifier", "ClassifierConfig"]

import abc
from dataclasses import dataclass, replace
from typing import ClassVar, Self, final

from torch import Tensor, nn

from copyist.checks import check_at_least
from copyist.errors import ArgumentError
from copyist.models.contracts.model import Model, ModelConfig
from copyist.tensors import Features, Images


class Classifier(Model):
    """A module from images to one number per class, the larger the likelier: a linear head on its features."""

    refusal: ClassVar[str] = "{verb} names images, and {name} copies them; take a classifier"

    head: nn.Linear
    """From features to logits."""

    @abc.abstractmethod
    def features(self, x: Images) -> Features:
        """The last hidden layer, (B, D), for images (B, C, H, W)."""

    @final
    def forward(self, x: Images) -> Tensor:
        """Logits (B, K), whose softmax are the probabilities of the classes."""
        return self.head(self.features(x))


@dataclass(frozen=True, kw_only=True)
class ClassifierConfig(ModelConfig):
    """The settings that rebuild a classifier, without its weights."""

    num_classes: int | None = None
    """K; None takes the data's."""

    def __post_init__(self) -> None:
        if self.num_classes is not None:
            check_at_least("num_classes", self.num_classes, 1)

    @final
    def with_classes(self, num_classes: int) -> Self:
        if self.num_classes is not None and self.num_classes < num_classes:
            raise ArgumentError(
                f"the model was built for {self.num_classes} classes, got {num_classes}; "
                "leave num_classes open (--set num_classes=none)"
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
    def build(self) -> Classifier: ...
