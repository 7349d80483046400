"""Models trained to copy the clean image from a corrupted one."""

__all__ = ["denoising_unet"]

from dataclasses import replace

from copyist.corruption import Blend, GaussianNoise, OneOf
from copyist.objectives import Denoising
from copyist.recipes.copying import unet
from copyist.training import Recipe


def denoising_unet(*, data: str = "photos") -> Recipe:
    """The U-Net trained to denoise: blends with any α from 0.1 to 1, or zero-mean noise up to σ = 0.5."""
    corruption = OneOf((Blend(alpha=(0.1, 1.0)), GaussianNoise(sigma=(0.0, 0.5))))
    return replace(unet(data=data), name="denoising-unet", objective=Denoising(corruption=corruption))
