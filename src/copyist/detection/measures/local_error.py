"""How far a copy is from its image, place by place, as a defect is small and an image is large."""

__all__ = ["LocalError"]

from dataclasses import dataclass
from typing import final

import torch

from copyist.checks import check_at_least, check_positive, check_within
from copyist.corruption import gaussian_blur
from copyist.detection.copies import Copies
from copyist.detection.measures.contract import AnomalyMeasure, Statistics
from copyist.detection.measures.heat import Heat, hottest, in_units, usual_heat
from copyist.errors import ArgumentError, ContractError
from copyist.models.contracts import Model
from copyist.randomness import draw_normal, generator
from copyist.tensors import PerImage


@final
@dataclass(frozen=True, kw_only=True)
class LocalError(AnomalyMeasure):
    """|D(E(x)) − x|, averaged over Gaussian neighborhoods of several sizes, each in units of what is usual there.

    The anomaly of an image is the mean over its hottest pixels, for images only.

    Source:
        Bauer & Müller (2024), "Self-Supervised Training with Autoencoders for Visual Anomaly Detection", section 3, for
        the residual of a model that was trained to undo structured damage, and its average over a neighborhood.
    """

    sigmas: tuple[float, ...] = (1.0, 2.0, 4.0)
    """Standard deviations of the neighborhoods in pixels of the images that the model sees; 0 is the pixel alone."""

    share: float = 0.003
    """Of the pixels, the hottest ones that make up the anomaly."""

    noise: float = 0.0
    """Standard deviation of Gaussian noise, in units of pixel value, that the image to copy is given: with some, it is
    the error after denoising. Its draws are the same for all images."""

    def __post_init__(self) -> None:
        if not self.sigmas:
            raise ArgumentError(
                "a local error must have at least one neighborhood, got no sigmas; give 0 for the pixel"
            )
        for sigma in self.sigmas:
            check_at_least("sigmas", sigma, 0)
        check_positive("share", self.share)
        check_within("share", self.share, 0, 1)
        check_at_least("noise", self.noise, 0)

    def fit(self, train: Copies, held_out: Copies) -> Statistics:
        """What is usual of each neighborhood at each place, in held-out images, (len(sigmas), H, W)."""
        return {"usual": torch.stack([usual_heat(heat) for heat in self._heats(held_out)])}

    def __call__(self, copies: Copies, statistics: Statistics) -> PerImage:
        return hottest(self.parts(copies, statistics), share=self.share)

    def parts(self, copies: Copies, statistics: Statistics) -> Heat:
        heats = copies.remember(self, lambda: self._heats(copies))
        usual = statistics["usual"].to(copies.x)
        return torch.stack([in_units(heat, each) for heat, each in zip(heats, usual, strict=True)]).mean(0)

    def check_model(self, model: Model) -> None:
        if model.num_columns is not None:
            raise ContractError("a local error needs images, and the model takes tables; take reconstruction-error")

    def _heats(self, copies: Copies) -> list[Heat]:
        x, x_hat = copies.x, copies.x_hat
        if self.noise > 0:
            source = generator(0, "local error")
            draws = copies.draw(self, lambda: draw_normal(x.shape[1:], std=self.noise, generator=source, like=x))
            x_hat = Copies(copies.model, x + draws, batch_size=copies.batch_size).x_hat
        residual = (x_hat - x).abs().mean(1, keepdim=True)
        return [gaussian_blur(residual, sigma=sigma)[:, 0] for sigma in self.sigmas]
