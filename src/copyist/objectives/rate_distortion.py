"""The rate of a rounded code against the error of its copy."""

__all__ = ["RateDistortion"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias, final, get_args

import torch
from torch import Tensor

from copyist.checks import check_choice, check_positive, check_whole
from copyist.errors import ArgumentError
from copyist.metrics.distortion import LEAST_SIDE, ms_ssim, mse
from copyist.models.contracts import Compressor, Model, needs
from copyist.objectives.base import Objective
from copyist.settings import later
from copyist.tensors import Images, PerImage

Distortion: TypeAlias = Literal["mse", "ms-ssim"]
"""How far a copy is from its image."""

MS_SSIM_WEIGHT = 1250.0
"""Of 1 − MS-SSIM, beside a squared error in gray levels."""

_RANGE = 255.0


@final
@dataclass(frozen=True, kw_only=True)
class RateDistortion(Objective):
    """Bits per pixel plus λ times a distortion, at a quality drawn anew for every image.

        mean over images of bits / (H·W) + λ_q·255²·mean (x̂ − x)²     for `mse`
        mean over images of bits / (H·W) + λ_q·1250·(1 − MS-SSIM(x̂, x))     for `ms-ssim`

    λ rises by equal factors from the lowest quality to the highest. By the factor 1250 the same λ give about the same
    rates with either: it is that between the weights that are usual for the two.

    Source:
        Ballé et al. (2017), "End-to-end Optimized Image Compression", equation 9; Cui et al. (2021) for several λ;
        Bégaint et al. (2020), "CompressAI", section 3.3, for the weights.
    """

    trains: ClassVar[type[Model]] = Compressor

    lowest: float = 0.0016
    """λ of the lowest quality."""

    highest: float = 0.08
    """λ of the highest quality."""

    crop: int | None = None
    """Side of the squares that are cut from images at random places; None takes whole images."""

    distortion: Distortion = later("mse")
    """What λ is the price of: squared error, which PSNR measures, or MS-SSIM, for images and crops of 176 and more."""

    def __post_init__(self) -> None:
        check_choice("distortion", self.distortion, get_args(Distortion))
        check_positive("lowest", self.lowest)
        if self.highest < self.lowest:
            raise ArgumentError(f"λ must not fall with quality, got {self.lowest} to {self.highest}; swap the two")
        if self.crop is not None:
            least = LEAST_SIDE if self.distortion == "ms-ssim" else 16
            check_whole("crop", self.crop, least)

    def weights(self, count: int) -> Tensor:
        """λ of each of `count` qualities, (count,)."""
        return self.lowest * (self.highest / self.lowest) ** (torch.arange(count) / max(1, count - 1))

    def __call__(self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        compressor = needs(model, Compressor, verb="RateDistortion")
        x = self._cropped(x, generator)
        count = compressor.num_qualities
        quality = torch.randint(count, (len(x),), generator=generator, device=generator.device).to(x.device)
        x_hat, bits = compressor.rate_distortion(x, quality=quality, generator=generator)
        rate = bits / (x.shape[2] * x.shape[3])
        return (rate + self.weights(count).to(x.device)[quality] * self._distorted(x_hat.float(), x)).mean()

    def measures(
        self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None
    ) -> dict[str, float]:
        """Estimated bits per pixel and PSNR in dB, at the lowest, a middle and the highest quality.

        Of a model that is trained for MS-SSIM, that too.
        """
        compressor = needs(model, Compressor, verb="RateDistortion")
        found: dict[str, float] = {}
        for number in sorted({0, compressor.num_qualities // 2, compressor.num_qualities - 1}):
            quality = torch.full((len(x),), number, device=x.device)
            x_hat, bits = compressor.rate_distortion(x, quality=quality, generator=generator)
            errors = (x_hat.float().clamp(0, 1) - x).square().flatten(1).mean(1)
            found[f"bpp_{number + 1}"] = float(bits.mean()) / (x.shape[2] * x.shape[3])
            found[f"psnr_{number + 1}"] = float(-10 * errors.clamp(min=1e-12).log10().mean())
            if self.distortion == "ms-ssim":
                found[f"ms_ssim_{number + 1}"] = float(ms_ssim(x_hat.float().clamp(0, 1), x).mean())
        return found

    def pictures(self, model: Model, x: Images, *, generator: torch.Generator) -> Mapping[str, Images]:
        """The images, and their copies at the lowest, a middle and the highest quality."""
        compressor = needs(model, Compressor, verb="RateDistortion")
        rows = {"image": x}
        for number in sorted({0, compressor.num_qualities // 2, compressor.num_qualities - 1}):
            quality = torch.full((len(x),), number, device=x.device)
            rows[f"quality {number + 1}"] = compressor.rate_distortion(x, quality=quality, generator=generator)[0]
        return rows

    def _distorted(self, x_hat: Images, x: Images) -> PerImage:
        """What λ is the price of, for each image."""
        if self.distortion == "ms-ssim":
            return MS_SSIM_WEIGHT * (1 - ms_ssim(x_hat, x))
        return _RANGE**2 * mse(x_hat, x)

    def _cropped(self, x: Images, generator: torch.Generator) -> Images:
        if self.crop is None or self.crop >= min(x.shape[2:]):
            return x
        top, left = (
            int(torch.randint(side - self.crop + 1, (), generator=generator, device=generator.device))
            for side in x.shape[2:]
        )
        return x[:, :, top : top + self.crop, left : left + self.crop]
