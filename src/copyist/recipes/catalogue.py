"""The written-out map from names to recipes, and recipes with some of their settings changed."""

__all__ = ["RECIPES", "configured"]

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from copyist.checks import check_choice
from copyist.recipes.attention import (
    dot_attention,
    dot_attention_alone,
    linear_attention,
    linear_attention_unet,
    mixed_attention_unet,
)
from copyist.recipes.classification import conv_classifier, vit_classifier
from copyist.recipes.contractive import contractive_mlp
from copyist.recipes.copying import hidden_unet, linear, overcomplete_mlp, unet, unet_skips
from copyist.recipes.denoising import blind_denoiser, denoising_unet, direct_denoiser
from copyist.recipes.masked import masked_unet, masked_vit, masked_vit_classifier
from copyist.recipes.sparse import kl_sparse_mlp, sparse_mlp, topk_mlp
from copyist.recipes.stacked import stacked, stacked_classifier, stacked_denoising
from copyist.recipes.undercomplete import conv, table, undercomplete_mlp
from copyist.recipes.variational import conv_vae, iwae, vae
from copyist.settings import change, read_assignments
from copyist.training import CATALOGUES, Recipe

RECIPES: Mapping[str, Callable[..., Recipe]] = {
    "unet": unet,
    "unet-skips": unet_skips,
    "hidden-unet": hidden_unet,
    "denoising-unet": denoising_unet,
    "blind-denoiser": blind_denoiser,
    "direct-denoiser": direct_denoiser,
    "overcomplete-mlp": overcomplete_mlp,
    "linear": linear,
    "stacked": stacked,
    "stacked-denoising": stacked_denoising,
    "sparse-mlp": sparse_mlp,
    "kl-sparse-mlp": kl_sparse_mlp,
    "topk-mlp": topk_mlp,
    "contractive-mlp": contractive_mlp,
    "undercomplete-mlp": undercomplete_mlp,
    "conv": conv,
    "table": table,
    "linear-attention": linear_attention,
    "dot-attention": dot_attention,
    "dot-attention-alone": dot_attention_alone,
    "linear-attention-unet": linear_attention_unet,
    "mixed-attention-unet": mixed_attention_unet,
    "vae": vae,
    "iwae": iwae,
    "conv-vae": conv_vae,
    "conv-classifier": conv_classifier,
    "stacked-classifier": stacked_classifier,
    "vit-classifier": vit_classifier,
    "masked-vit": masked_vit,
    "masked-unet": masked_unet,
    "masked-vit-classifier": masked_vit_classifier,
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
    recipe = change(recipe, read_assignments(assignments), CATALOGUES)
    return recipe if steps is None else replace(recipe, training=replace(recipe.training, steps=steps))
