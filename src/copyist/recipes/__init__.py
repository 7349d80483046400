"""Functions that each return one complete recipe: data, model, objective, training."""

__all__ = [
    "RECIPES",
    "configured",
    "conv",
    "conv_classifier",
    "denoising_unet",
    "dot_attention",
    "dot_attention_alone",
    "hidden_unet",
    "linear",
    "linear_attention",
    "linear_attention_unet",
    "mixed_attention_unet",
    "overcomplete_mlp",
    "table",
    "undercomplete_mlp",
    "unet",
    "unet_skips",
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
from copyist.recipes.copying import hidden_unet, linear, overcomplete_mlp, unet, unet_skips
from copyist.recipes.denoising import denoising_unet
from copyist.recipes.undercomplete import conv, table, undercomplete_mlp
