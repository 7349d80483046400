"""Functions that each return one complete recipe: data, model, objective, training."""

__all__ = [
    "RECIPES",
    "blind_denoiser",
    "configured",
    "contractive_mlp",
    "conv",
    "conv_classifier",
    "conv_vae",
    "denoising_unet",
    "direct_denoiser",
    "dot_attention",
    "dot_attention_alone",
    "hidden_unet",
    "iwae",
    "kl_sparse_mlp",
    "linear",
    "linear_attention",
    "linear_attention_unet",
    "masked_unet",
    "masked_vit",
    "masked_vit_classifier",
    "mixed_attention_unet",
    "overcomplete_mlp",
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

from copyist.recipes.attention import (
    dot_attention,
    dot_attention_alone,
    linear_attention,
    linear_attention_unet,
    mixed_attention_unet,
)
from copyist.recipes.catalogue import RECIPES, configured
from copyist.recipes.classification import conv_classifier, vit_classifier
from copyist.recipes.contractive import contractive_mlp
from copyist.recipes.copying import hidden_unet, linear, overcomplete_mlp, unet, unet_skips
from copyist.recipes.denoising import blind_denoiser, denoising_unet, direct_denoiser
from copyist.recipes.masked import masked_unet, masked_vit, masked_vit_classifier
from copyist.recipes.sparse import kl_sparse_mlp, sparse_mlp, topk_mlp
from copyist.recipes.stacked import stacked, stacked_classifier, stacked_denoising
from copyist.recipes.undercomplete import conv, table, undercomplete_mlp
from copyist.recipes.variational import conv_vae, iwae, vae
