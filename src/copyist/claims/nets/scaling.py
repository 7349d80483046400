"""What claims train on and how large, at each scale; and recipes brought to a scale."""

__all__ = ["blobs", "marked_name", "resize", "scenes"]

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from copyist.claims.trial import Trial
from copyist.training import Recipe


def scenes(trial: Trial, *, count: int | None = None) -> str:
    """Landscapes with known rules; `count` of them to train on."""
    smoke, cpu, gpu = ("scenes?size=16", "scenes?size=32", "scenes?size=64")
    number = count if count is not None else trial.pick(smoke=64, standard=2048, gpu=2048)
    return f"{trial.pick(smoke=smoke, standard=cpu, gpu=gpu)}&limit={number}"


def blobs(trial: Trial) -> str:
    """A spot that moves over the dark."""
    return trial.pick(smoke="blobs?size=8&limit=64", standard="blobs", gpu="blobs?size=32&limit=16384")


def resize(
    recipe: Recipe,
    *,
    name: str,
    steps: int,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    flip: bool | None = None,
    sizes: Mapping[str, Any] | None = None,
) -> Recipe:
    """A recipe of the library at another size, for so many steps, validated and saved once, at its end.

    Args:
        recipe: what all else is taken from, and what is None below.
        name: of the new recipe.
        steps: of the optimizer.
        batch_size: images per step.
        learning_rate: at its peak.
        flip: whether half of the images are mirrored.
        sizes: settings of the model, such as its width, by name.
    """
    given = {"batch_size": batch_size, "flip": flip}
    training = replace(
        recipe.training,
        steps=steps,
        validate_every=steps,
        save_every=steps,
        **{setting: value for setting, value in given.items() if value is not None},
    )
    if learning_rate is not None:
        training = replace(training, optimization=replace(training.optimization, learning_rate=learning_rate))
    return replace(recipe, name=name, model=replace(recipe.model, **(sizes or {})), training=training)


def marked_name(name: str, marks: Mapping[str, bool]) -> str:
    """A recipe's name, followed by those of its marks that hold."""
    return "-".join([name, *(mark for mark, holds in marks.items() if holds)])
