"""The models that claims are about, at each scale: one recipe each, so that claims share what is trained."""

__all__ = [
    "MLP_REGIME",
    "attention_copier",
    "attention_unet",
    "blobs",
    "bottleneck",
    "classifier",
    "contracted",
    "crops_unet",
    "denoiser",
    "faces_unet",
    "masked_vit",
    "masked_vit_classifier",
    "mlp_denoiser",
    "scenes",
    "scenes_classifier",
    "scenes_mlp",
    "small_scenes",
    "small_unet",
    "sparse",
    "stack",
    "stack_splits",
    "undercomplete",
    "variational",
]

from copyist.claims.nets.attentions import attention_copier, attention_unet
from copyist.claims.nets.labels import (
    classifier,
    masked_vit,
    masked_vit_classifier,
    scenes_classifier,
    stack,
    stack_splits,
)
from copyist.claims.nets.mlps import (
    bottleneck,
    contracted,
    sparse,
    undercomplete,
)
from copyist.claims.nets.real_images import crops_unet, faces_unet
from copyist.claims.nets.scaling import blobs, scenes
from copyist.claims.nets.small_scenes import MLP_REGIME, mlp_denoiser, scenes_mlp, small_scenes, small_unet
from copyist.claims.nets.unets import denoiser, variational
