"""A classifier from the encoder of a stack and a linear head, for fine-tuning after layer-wise pretraining."""

__all__ = ["StackedClassifier", "StackedClassifierConfig"]

from dataclasses import dataclass, replace
from typing import Self, final

import torch
from torch import nn

from copyist.models.contracts import Classifier, ClassifierConfig, Pretrainable, PretrainableConfig, Stack
from copyist.models.mlp import MLPConfig
from copyist.models.shapes import FixedShape
from copyist.tensors import Examples, Features

_STACK = MLPConfig(widths=(1000, 1000, 1000), activation="sigmoid", output="sigmoid", tied=True)


@dataclass(frozen=True, kw_only=True)
class StackedClassifierConfig(ClassifierConfig, PretrainableConfig):
    """The shape of a `StackedClassifier`."""

    stack: MLPConfig = _STACK
    """The stack whose encoder it uses; settings of its decoder matter in pretraining alone."""

    def fitted(self, shape: tuple[int, ...]) -> Self:
        return replace(self, stack=self.stack.fitted(shape))

    def stacks(self) -> tuple[MLPConfig, ...]:
        return self.stack.stacks()

    def build(self) -> "StackedClassifier":
        return StackedClassifier(self)


@final
class StackedClassifier(FixedShape, Classifier, Pretrainable):
    """A linear classifier on the code (B, units[-1]) of a stack of autoencoders.

    The decoders are not part of it: without pretraining it is a plain multilayer perceptron.

    Source:
        Vincent et al. (2010), "Stacked Denoising Autoencoders", section 3.4 and figure 4.
    """

    def __init__(self, config: StackedClassifierConfig) -> None:
        super().__init__(config.stack, model="a stacked classifier")
        num_classes = config.known_classes()
        self._config = config
        self.encoder = config.stack.build().encoder
        self.head = nn.Linear(config.stack.units[-1], num_classes)

    @property
    def config(self) -> StackedClassifierConfig:
        return self._config

    def features(self, x: Examples) -> Features:
        return self.encoder(self.standardized(x))

    @torch.no_grad()
    def start_from(self, stack: Stack) -> None:
        for weight, start in zip(self.encoder.parameters(), stack.encoder.parameters(), strict=True):
            weight.copy_(start)
