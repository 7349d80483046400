"""Codes that are scaled like images: a smaller code is the code of a smaller image."""

__all__ = ["ScaleEquivariance"]

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor
from torch.nn import functional as F

from copyist.checks import check_at_least, check_whole
from copyist.errors import ContractError
from copyist.models.contracts import Autoencoder, Model, needs
from copyist.objectives.base import Objective
from copyist.tensors import Images


@final
@dataclass(frozen=True, kw_only=True)
class ScaleEquivariance(Objective):
    """The squared error of the copy, and of what a scaled-down code decodes to against the scaled-down image.

        mean (D(E(x)) − x)² + weight·mean (D(S E(x)) − S x)²

    S averages over areas of factor × factor. High frequencies of a code that have no counterpart in the image, which
    are hard to generate, are lost by it, and so cost.

    Source:
        Kouzelis et al. (2025), "EQ-VAE", arXiv 2502.09509, whose transformations are scales and quarter turns;
        Skorokhodov et al. (2025), arXiv 2502.14831, for scales alone.
    """

    trains: ClassVar[type[Model]] = Autoencoder

    weight: float = 0.5
    """Of the second term."""

    factor: int = 2
    """By how much each side is scaled down."""

    def __post_init__(self) -> None:
        check_at_least("weight", self.weight, 0)
        check_whole("factor", self.factor, 2)

    def check_settings(self, model: Model) -> None:
        if model.image_size is not None:
            height, width = model.image_size
            raise ContractError(
                f"ScaleEquivariance decodes codes of smaller images, and this model takes {height}x{width} alone; take "
                "a convolutional one whose code keeps positions, such as that of the recipe autoencoder"
            )

    def __call__(self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        coder = needs(model, Autoencoder, verb="ScaleEquivariance")
        z = coder.encode(x)
        copied = F.mse_loss(coder.decode(z).float(), x)
        smaller = F.avg_pool2d(z, self.factor)
        return copied + self.weight * F.mse_loss(coder.decode(smaller).float(), F.avg_pool2d(x, self.factor))

    def try_batch(self, model: Model, x: Images, *, labels: Tensor | None) -> None:
        z = needs(model, Autoencoder, verb="ScaleEquivariance").encode(x)
        if z.ndim != 4 or any(side % self.factor for side in z.shape[2:]):
            raise ContractError(
                f"codes must be maps whose sides are multiples of {self.factor} to be scaled down by it, got shape "
                f"{tuple(z.shape[1:])}; take images of another size, or fewer levels (--set model.levels=2)"
            )

    def measures(
        self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None
    ) -> dict[str, float]:
        return {"copy_mse": float(F.mse_loss(needs(model, Autoencoder, verb="copying")(x).float(), x))}
