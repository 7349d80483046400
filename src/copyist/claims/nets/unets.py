"""U-Nets on any images: the one that all others are changed from, and the changes that fit each."""

__all__ = ["denoiser", "unet", "widened"]

from dataclasses import replace

from copyist.claims.nets.sizes import unet_levels, unet_width
from copyist.claims.trial import Trial
from copyist.corruption import Blend, GaussianNoise, OneOf
from copyist.models.unet import UNetConfig
from copyist.nn.norm import Statistics
from copyist.objectives import Copying, Denoising
from copyist.training import Optimization, Recipe, Training


def unet(
    trial: Trial,
    *,
    family: str,
    data: str,
    statistics: Statistics = "batch",
    hidden: bool = False,
    batch_size: int = 64,
    share: float = 1.0,
) -> Recipe:
    """The U-Net without skips, trained to copy; the source's sizes at scale gpu.

    Args:
        trial: decides sizes and steps.
        family: what the images are called in the recipe's name.
        data: their source.
        statistics: whose the normalization uses.
        hidden: whether the module of 500, 100 and 500 units is in its middle.
        batch_size: images per step.
        share: of the usual number of steps.
    """
    steps = max(1, round(share * trial.pick(smoke=20, cpu=1000, gpu=10_000)))
    config = UNetConfig(
        width=unet_width(trial),
        levels=unet_levels(trial),
        statistics=statistics,
        hidden=(500, 100, 500) if hidden else (),
    )
    training = Training(
        steps=steps,
        batch_size=min(batch_size, 16) if trial.scale == "smoke" else batch_size,
        validate_every=steps,
        save_every=min(steps, 500),
        optimization=Optimization(learning_rate=3e-3 if statistics != "none" else 1e-3),
    )
    marks = "".join(
        f"-{mark}"
        for mark, present in (
            ("hidden", hidden),
            (statistics, statistics != "batch"),
            (f"batches-of-{batch_size}", batch_size != 64),
        )
        if present
    )
    return Recipe(name=f"{family}-unet{marks}", data=data, model=config, objective=Copying(), training=training)


def denoiser(recipe: Recipe) -> Recipe:
    """The same net, trained to denoise blends and zero-mean noise of any strength."""
    corruption = OneOf((Blend(alpha=(0.1, 1.0)), GaussianNoise(sigma=(0.0, 0.5))))
    return replace(recipe, name=f"{recipe.name}-denoiser", objective=Denoising(corruption=corruption))


def widened(recipe: Recipe, *, factor: float) -> Recipe:
    """The same U-Net with that many times the maps at every level."""
    if factor == 1:
        return recipe
    assert isinstance(recipe.model, UNetConfig)
    shape = replace(recipe.model, width=round(recipe.model.width * factor))
    return replace(recipe, name=f"{recipe.name}-{factor:g}-times-as-wide", model=shape)
