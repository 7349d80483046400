"""The written-out map from names to recipes, and recipes with some of their settings changed."""

__all__ = ["RECIPES", "configured"]

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from copyist.checks import check_choice
from copyist.errors import ArgumentError
from copyist.recipes.attention import (
    dot_attention,
    dot_attention_alone,
    linear_attention,
    linear_attention_unet,
    mixed_attention_unet,
)
from copyist.recipes.classification import conv_classifier, vit_classifier
from copyist.recipes.copying import hidden_unet, linear, overcomplete_mlp, unet, unet_skips
from copyist.recipes.denoising import denoising_unet
from copyist.recipes.undercomplete import conv, table, undercomplete_mlp
from copyist.settings import change
from copyist.training import CATALOGUES, Recipe

RECIPES: Mapping[str, Callable[..., Recipe]] = {
    "unet": unet,
    "unet-skips": unet_skips,
    "hidden-unet": hidden_unet,
    "denoising-unet": denoising_unet,
    "overcomplete-mlp": overcomplete_mlp,
    "linear": linear,
    "undercomplete-mlp": undercomplete_mlp,
    "conv": conv,
    "table": table,
    "linear-attention": linear_attention,
    "dot-attention": dot_attention,
    "dot-attention-alone": dot_attention_alone,
    "linear-attention-unet": linear_attention_unet,
    "mixed-attention-unet": mixed_attention_unet,
    "conv-classifier": conv_classifier,
    "vit-classifier": vit_classifier,
}
"""By the name under which `copyist train` knows them."""


def configured(
    name: str, *, data: str | None = None, steps: int | None = None, assignments: Sequence[str] = ()
) -> Recipe:
    """A recipe by name, with some of its settings changed.

    Args:
        name: of the recipe; `unet_skips` and `unet-skips` are the same.
        data: another source.
        steps: another number of steps.
        assignments: `name=value` each; a setting is named in full (`model.width`) or by its last part (`width`).

    Raises:
        UnknownNameError: there is no such recipe or setting; the nearest is offered.
        ArgumentError: a value is of the wrong type, or breaks a rule.
    """
    plain = name.replace("_", "-")
    check_choice("recipe", plain, RECIPES)
    recipe = RECIPES[plain]() if data is None else RECIPES[plain](data=data)
    changes: dict[str, str] = {}
    for assignment in assignments:
        setting, separator, value = assignment.partition("=")
        if not separator or not setting.strip():
            raise ArgumentError(f"a setting must be written name=value, got {assignment!r}; write --set width=32")
        changes[setting.strip()] = value.strip()
    recipe = change(recipe, changes, CATALOGUES)
    return recipe if steps is None else replace(recipe, training=replace(recipe.training, steps=steps))
