"""Copy the clean image from a corrupted one."""

__all__ = ["Denoising"]

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor
from torch.nn import functional as F

from copyist.corruption import Corruption
from copyist.models.base import Model
from copyist.objectives.base import Objective
from copyist.tensors import Images


@final
@dataclass(frozen=True, kw_only=True)
class Denoising(Objective):
    """The mean squared error against the clean image: mean (D(E(x̃)) − x)² with x̃ = C(x).

    Source:
        Vincent et al. (2008), section 2.3.
    """

    corruption: Corruption
    """C, drawn anew for every image and step."""

    def __call__(self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        return F.mse_loss(model(self.corruption(x, generator=generator)).float(), x)
