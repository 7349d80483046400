"""Greedy pretraining: the layers of a stack trained one after the other, and then all of it from there."""

__all__ = ["layer_folder", "layer_folders", "layer_recipes"]

from dataclasses import replace
from itertools import count, takewhile
from pathlib import Path

from copyist.models.contracts import PretrainableConfig, needs
from copyist.objectives import TopLayer
from copyist.training.config import Recipe


def layer_recipes(recipe: Recipe) -> tuple[Recipe, ...]:
    """The runs that pretraining is made of: one per layer, each of the stack as far as it has grown.

    A run starts from the weights of the one before it and trains the layer it adds, alone, so that it costs a pass
    through the layers below and needs no room for their codes. Its model is whole: it copies through all its layers.

    Source:
        Bengio et al. (2007), "Greedy Layer-Wise Training of Deep Networks", section 3; Vincent et al. (2010), section
        3.4, where each layer denoises.
    """
    pretraining = recipe.pretraining
    if pretraining is None:
        return ()
    stacks = needs(recipe.model, PretrainableConfig, verb="pretraining").stacks()
    objectives = pretraining.objectives * (len(stacks) if len(pretraining.objectives) == 1 else 1)
    optimization = pretraining.optimization or recipe.training.optimization
    training = replace(recipe.training, steps=pretraining.steps, optimization=optimization)
    return tuple(
        Recipe(
            name=f"{recipe.name}-layer-{index}",
            data=recipe.data,
            model=stack,
            objective=TopLayer(objective=objective),
            training=training,
        )
        for index, (stack, objective) in enumerate(zip(stacks, objectives, strict=True))
    )


def layer_folder(folder: Path, index: int) -> Path:
    """Where the run of a layer lies, in the folder of the whole run; the outermost layer is 0."""
    return folder / f"layer-{index}"


def layer_folders(folder: Path) -> tuple[Path, ...]:
    """Where the runs of layers lie that were begun in the folder of a whole run, the outermost first."""
    places = (layer_folder(folder, index) for index in count())
    return tuple(takewhile(lambda place: (place / "state").is_dir(), places))
