"""U-Nets on photographs, and what claims change of one: skips, the objective."""

__all__ = [
    "denoiser",
    "photos_unet",
    "variational",
]

from dataclasses import replace
from typing import Any

from copyist import recipes
from copyist.claims.nets.scaling import marked_name, photos, resize
from copyist.claims.trial import Trial
from copyist.models.unet import UNetConfig
from copyist.models.variational_unet import VariationalUNetConfig
from copyist.nn.norm import Statistics
from copyist.objectives import ELBO
from copyist.training import Recipe


def photos_unet(
    trial: Trial,
    *,
    statistics: Statistics = "batch",
    hidden: bool = False,
    batch_size: int = 64,
    share: float = 1.0,
) -> Recipe:
    """The U-Net without skips on photographs; the source's sizes at scale gpu.

    Args:
        trial: decides sizes and steps.
        statistics: whose the normalization uses.
        hidden: whether the module of 500, 100 and 500 units is in its middle.
        batch_size: images per step.
        share: of the usual number of steps.
    """
    base = (recipes.hidden_unet if hidden else recipes.unet)(data=photos(trial))
    name = marked_name("photos-unet", {"hidden": hidden})
    return _on_trial(trial, base, name=name, statistics=statistics, batch_size=batch_size, share=share)


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


def _on_trial(
    trial: Trial,
    recipe: Recipe,
    *,
    name: str,
    statistics: Statistics = "batch",
    batch_size: int = 64,
    share: float = 1.0,
) -> Recipe:
    """A U-Net's recipe at the scale of a trial; a long run is saved on its way."""
    found = resize(
        recipe,
        name=marked_name(name, {statistics: statistics != "batch", f"batches-of-{batch_size}": batch_size != 64}),
        steps=max(1, round(share * trial.pick(smoke=20, standard=1000, gpu=10_000))),
        batch_size=min(batch_size, trial.pick(smoke=16, standard=batch_size, gpu=batch_size)),
        learning_rate=1e-3 if statistics == "none" else None,
        sizes={**_sizes(trial), "statistics": statistics},
    )
    return replace(found, training=replace(found.training, save_every=min(found.training.steps, 500)))


def _sizes(trial: Trial) -> dict[str, Any]:
    """Feature maps at the first level, and resolutions, the full one included: the source's at scale gpu."""
    return {"width": trial.pick(smoke=4, standard=16, gpu=64), "levels": trial.pick(smoke=3, standard=4, gpu=5)}
