"""Copy the clean image from a corrupted one."""

__all__ = ["Denoising"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor
from torch.nn import functional as F

from copyist.corruption import Corruption
from copyist.models.contracts import Model
from copyist.models.in_batches import in_batches
from copyist.objectives.base import Objective, corrupted_rows
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

    def pictures(self, model: Model, x: Images, *, generator: torch.Generator) -> Mapping[str, Images]:
        """The images and their copies, and the same of the images as they are corrupted in training."""
        x_tilde = self.corruption(x, generator=generator)
        return {"image": x, "copy": in_batches(model, model, x), **corrupted_rows("corrupted", model, x_tilde)}
