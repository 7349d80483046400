"""Classification: the cross entropy of the class of an image."""

__all__ = ["Classification"]

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor
from torch.nn import functional as F

from copyist.corruption import Corruption
from copyist.errors import ArgumentError
from copyist.models.contracts import Classifier, Model
from copyist.objectives.base import Objective
from copyist.tensors import Images


@final
@dataclass(frozen=True, kw_only=True)
class Classification(Objective):
    """The cross entropy of the right class: mean −log softmax(logits)_y, in nats.

    Source:
        Vincent et al. (2010), section 6.3, compares training on corrupted images with pretraining by denoising.
    """

    trains: ClassVar[type[Model]] = Classifier

    corruption: Corruption | None = None
    """Drawn anew for every image and step, so that classes are learned from corrupted images; None takes clean ones."""

    def __call__(self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        if labels is None:
            raise ArgumentError("classification must be given labels, got none; give one per image")
        seen = x if self.corruption is None else self.corruption(x, generator=generator)
        return F.cross_entropy(model(seen).float(), labels)

    def measures(
        self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None
    ) -> dict[str, float]:
        """The share of clean images whose class is the likeliest."""
        assert labels is not None
        return {"accuracy": float((model(x).argmax(1) == labels).double().mean())}
