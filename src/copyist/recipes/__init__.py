"""Functions that each return one complete recipe: data, model, objective, training; and all of them by name."""

__all__ = [
    "RECIPES",
    "attention_unet",
    "autoencoder",
    "blind_denoiser",
    "configured",
    "contractive_mlp",
    "conv",
    "conv_classifier",
    "conv_vae",
    "denoising_table",
    "denoising_unet",
    "diffusion",
    "direct_denoiser",
    "dot_attention",
    "dot_attention_alone",
    "edm_diffusion",
    "hidden_unet",
    "image_codec",
    "iwae",
    "kl_sparse_mlp",
    "latent_diffusion",
    "linear",
    "linear_attention",
    "masked_unet",
    "masked_vit",
    "masked_vit_classifier",
    "overcomplete_mlp",
    "repairing_unet",
    "representation_autoencoder",
    "resumed",
    "sparse_mlp",
    "stacked",
    "stacked_classifier",
    "stacked_denoising",
    "table",
    "topk_mlp",
    "undercomplete_mlp",
    "unet",
    "unet_skips",
    "vae",
    "vit_classifier",
]

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from copyist.checks import check_choice
from copyist.errors import CheckpointError
from copyist.recipes.classifiers import conv_classifier, stacked, stacked_classifier, stacked_denoising, vit_classifier
from copyist.recipes.codecs import image_codec
from copyist.recipes.coders import contractive_mlp, conv_vae, iwae, kl_sparse_mlp, sparse_mlp, topk_mlp, vae
from copyist.recipes.copiers import (
    attention_unet,
    conv,
    dot_attention,
    dot_attention_alone,
    hidden_unet,
    linear,
    linear_attention,
    overcomplete_mlp,
    table,
    undercomplete_mlp,
    unet,
    unet_skips,
)
from copyist.recipes.diffusion import (
    autoencoder,
    diffusion,
    edm_diffusion,
    latent_diffusion,
    representation_autoencoder,
)
from copyist.recipes.restorers import (
    blind_denoiser,
    denoising_table,
    denoising_unet,
    direct_denoiser,
    masked_unet,
    masked_vit,
    masked_vit_classifier,
    repairing_unet,
)
from copyist.settings import change, read_assignments
from copyist.training import CATALOGUES, Recipe, recorded_recipe

RECIPES: Mapping[str, Callable[..., Recipe]] = {
    "unet": unet,
    "unet-skips": unet_skips,
    "hidden-unet": hidden_unet,
    "attention-unet": attention_unet,
    "denoising-unet": denoising_unet,
    "repairing-unet": repairing_unet,
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
    "denoising-table": denoising_table,
    "linear-attention": linear_attention,
    "dot-attention": dot_attention,
    "dot-attention-alone": dot_attention_alone,
    "vae": vae,
    "iwae": iwae,
    "conv-vae": conv_vae,
    "conv-classifier": conv_classifier,
    "stacked-classifier": stacked_classifier,
    "vit-classifier": vit_classifier,
    "masked-vit": masked_vit,
    "masked-unet": masked_unet,
    "masked-vit-classifier": masked_vit_classifier,
    "diffusion": diffusion,
    "edm-diffusion": edm_diffusion,
    "image-codec": image_codec,
    "autoencoder": autoencoder,
    "latent-diffusion": latent_diffusion,
    "representation-autoencoder": representation_autoencoder,
}
"""Every recipe, by its name in `copyist train`."""


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


def resumed(
    folder: str | Path,
    *,
    name: str | None = None,
    data: str | None = None,
    steps: int | None = None,
    assignments: Sequence[str] = (),
) -> Recipe:
    """The recipe of a run that is to go on, with some of its settings changed; what may change is said by `train`.

    Args:
        folder: of the run.
        name: of its recipe, which may be left out.
        data: another place of the same data.
        steps: another number of steps.
        assignments: as for `configured`.

    Raises:
        CheckpointError: there is no run to resume, or it is one of another recipe.
        UnknownNameError, ArgumentError: as `configured`.
    """
    recipe = recorded_recipe(folder)
    if name is not None and name.replace("_", "-") != recipe.name:
        check_choice("recipe", name.replace("_", "-"), RECIPES)
        raise CheckpointError(
            f"the run in {folder} is one of the recipe {recipe.name}, got {name}; leave the recipe out to resume it"
        )
    recipe = change(recipe, read_assignments(assignments), CATALOGUES)
    recipe = recipe if data is None else replace(recipe, data=data)
    return recipe if steps is None else replace(recipe, training=replace(recipe.training, steps=steps))
