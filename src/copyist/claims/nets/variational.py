"""Variational autoencoders with the maps, the code and the training of the U-Nets that they are compared with."""

__all__ = ["variational"]

from dataclasses import replace

from copyist.models.unet import UNetConfig
from copyist.models.variational_unet import VariationalUNetConfig
from copyist.objectives import ELBO
from copyist.training import Recipe


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
