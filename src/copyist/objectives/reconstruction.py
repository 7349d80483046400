"""Copy."""

__all__ = ["Copying"]

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor
from torch.nn import functional as F

from copyist.models.contracts import Model
from copyist.objectives.base import Objective
from copyist.tensors import Images


@final
@dataclass(frozen=True, kw_only=True)
class Copying(Objective):
    """The mean squared error of the copy: mean (D(E(x)) − x)², over images, channels and positions."""

    def __call__(self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        return F.mse_loss(model(x).float(), x)
