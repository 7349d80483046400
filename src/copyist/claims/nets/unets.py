"""What claims change of a U-Net beside its shape: its objective."""

__all__ = ["denoiser", "variational"]

from dataclasses import replace

from copyist import recipes
from copyist.models.unet import UNetConfig
from copyist.models.variational_unet import VariationalUNetConfig
from copyist.objectives import ELBO
from copyist.training import Recipe


def denoiser(recipe: Recipe) -> Recipe:
    """The same net, trained to denoise blends and zero-mean noise of any strength."""
    return replace(recipe, name=f"{recipe.name}-denoiser", objective=recipes.denoising_unet().objective)


def variational(recipe: Recipe) -> Recipe:
    """A U-Net's recipe with a Gaussian code of as many units, and a normal likelihood whose σ is learned.

    The code keeps its positions, so that it is as large as the U-Net's; groups of maps are normalized instead of the
    batch, since one image must not decide how likely another is.
    """
    assert isinstance(recipe.model, UNetConfig)
    assert not recipe.model.hidden
    config = VariationalUNetConfig(
        width=recipe.model.width,
        levels=recipe.model.levels,
        convolutions=recipe.model.convolutions,
        statistics="group",
        code_size=recipe.model.widths[-1],
        joined=False,
        likelihood="gaussian",
    )
    return replace(recipe, name=f"{recipe.name}-variational", model=config, objective=ELBO())
