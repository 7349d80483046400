"""The rate of a rounded code against the error of its copy."""

__all__ = ["RateDistortion"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from copyist.checks import check_positive, check_whole
from copyist.errors import ArgumentError
from copyist.models.contracts import Compressor, Model, needs
from copyist.objectives.base import Objective
from copyist.randomness import draw_below
from copyist.tensors import Images

_RANGE = 255.0


@final
@dataclass(frozen=True, kw_only=True)
class RateDistortion(Objective):
    """Bits per pixel plus λ times the squared error in gray levels, at a quality drawn anew for every image.

        mean over images of bits / (H·W) + λ_q·255²·mean (x̂ − x)²

    λ rises by equal factors from the lowest quality to the highest.

    Source:
        Ballé et al. (2017), "End-to-end Optimized Image Compression", equation 9; Cui et al. (2021) for several λ.
    """

    trains: ClassVar[type[Model]] = Compressor

    lowest: float = 0.0016
    """λ of the lowest quality."""

    highest: float = 0.08
    """λ of the highest quality."""

    crop: int | None = None
    """Side of the squares that are cut from images at random places; None takes whole images."""

    def __post_init__(self) -> None:
        check_positive("lowest", self.lowest)
        if self.highest < self.lowest:
            raise ArgumentError(f"λ must not fall with quality, got {self.lowest} to {self.highest}; swap the two")
        if self.crop is not None:
            check_whole("crop", self.crop, 16)

    def weights(self, count: int) -> Tensor:
        """λ of each of `count` qualities, (count,)."""
        return self.lowest * (self.highest / self.lowest) ** (torch.arange(count) / max(1, count - 1))

    def __call__(self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        compressor = needs(model, Compressor, verb="RateDistortion")
        x = self._cropped(x, generator)
        count = compressor.num_qualities
        quality = draw_below(count, (len(x),), generator=generator).to(x.device)
        x_hat, bits = compressor.rate_distortion(x, quality=quality, generator=generator)
        errors = _RANGE**2 * (x_hat.float() - x).square().flatten(1).mean(1)
        rate = bits / (x.shape[2] * x.shape[3])
        return (rate + self.weights(count).to(x.device)[quality] * errors).mean()

    def measures(
        self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None
    ) -> dict[str, float]:
        """Estimated bits per pixel and PSNR in dB, at the lowest, a middle and the highest quality."""
        compressor = needs(model, Compressor, verb="RateDistortion")
        found: dict[str, float] = {}
        for number in sorted({0, compressor.num_qualities // 2, compressor.num_qualities - 1}):
            quality = torch.full((len(x),), number, device=x.device)
            x_hat, bits = compressor.rate_distortion(x, quality=quality, generator=generator)
            errors = (x_hat.float().clamp(0, 1) - x).square().flatten(1).mean(1)
            found[f"bpp_{number + 1}"] = float(bits.mean()) / (x.shape[2] * x.shape[3])
            found[f"psnr_{number + 1}"] = float(-10 * errors.clamp(min=1e-12).log10().mean())
        return found

    def pictures(self, model: Model, x: Images, *, generator: torch.Generator) -> Mapping[str, Images]:
        """The images, and their copies at the lowest, a middle and the highest quality."""
        compressor = needs(model, Compressor, verb="RateDistortion")
        rows = {"image": x}
        for number in sorted({0, compressor.num_qualities // 2, compressor.num_qualities - 1}):
            quality = torch.full((len(x),), number, device=x.device)
            rows[f"quality {number + 1}"] = compressor.rate_distortion(x, quality=quality, generator=generator)[0]
        return rows

    def _cropped(self, x: Images, generator: torch.Generator) -> Images:
        if self.crop is None or self.crop >= min(x.shape[2:]):
            return x
        top, left = (
            int(torch.randint(side - self.crop + 1, (), generator=generator, device=generator.device))
            for side in x.shape[2:]
        )
        return x[:, :, top : top + self.crop, left : left + self.crop]
