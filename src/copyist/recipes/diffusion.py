"""Recipes of diffusion models."""

__all__ = ["diffusion", "edm_diffusion"]

from dataclasses import replace

from copyist.models.diffusion_unet import DiffusionUNetConfig
from copyist.objectives import EDM, StraightPath
from copyist.training import Optimization, Recipe, Training


def diffusion(*, data: str = "photos") -> Recipe:
    """A diffusion model of images: a U-Net with skips and attention that predicts the clean image of a noisy one."""
    return Recipe(
        name="diffusion",
        data=data,
        model=DiffusionUNetConfig(),
        objective=StraightPath(),
        training=Training(
            steps=4000, batch_size=32, averaging=0.999, optimization=Optimization(learning_rate=1e-3, warmup=0.05)
        ),
    )


def edm_diffusion(*, data: str = "photos") -> Recipe:
    """A diffusion model of images with the preconditioning and the loss of EDM."""
    base = diffusion(data=data)
    model = DiffusionUNetConfig(parameterization="edm")
    return replace(base, name="edm-diffusion", model=model, objective=EDM())
