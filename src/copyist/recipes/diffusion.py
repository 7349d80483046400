"""Recipes of diffusion models."""

__all__ = ["autoencoder", "diffusion", "edm_diffusion", "latent_diffusion", "representation_autoencoder"]

from dataclasses import replace

from copyist.models.diffusion_unet import DiffusionUNetConfig
from copyist.models.latent_diffusion import LatentDiffusionConfig
from copyist.models.unet import UNetConfig
from copyist.objectives import EDM, Copying, FrozenEncoder, StraightPath
from copyist.recipes.restorers import masked_vit
from copyist.training import FirstStage, Optimization, Recipe, Training


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


def autoencoder(*, data: str = "photos") -> Recipe:
    """An autoencoder whose code keeps positions, for a latent diffusion model: 4 maps at a quarter of each side.

    The side is divided by 2^(levels − 1): with --set levels=4 it is an eighth; the code has as many maps as --set
    code_channels=8 says.
    """
    return Recipe(
        name="autoencoder",
        data=data,
        model=UNetConfig(width=32, levels=3, statistics="group", blocks="residual", code_channels=4),
        objective=Copying(),
        training=Training(steps=2000, batch_size=32, optimization=Optimization(learning_rate=3e-3)),
    )


def representation_autoencoder(*, data: str = "photos") -> Recipe:
    """A decoder for the frozen encoder of a masked autoencoder, which is given by --from: copyist train masked-vit."""
    base = masked_vit(data=data)
    return replace(base, name="representation-autoencoder", objective=FrozenEncoder(objective=Copying()))


def latent_diffusion(*, data: str = "photos") -> Recipe:
    """A diffusion model in the codes of an autoencoder that is trained before, or given by --first-stage MODEL."""
    base, first = diffusion(data=data), autoencoder(data=data)
    return replace(
        base,
        name="latent-diffusion",
        model=LatentDiffusionConfig(),
        first_stage=FirstStage(model=first.model, objective=first.objective, training=first.training),
    )
