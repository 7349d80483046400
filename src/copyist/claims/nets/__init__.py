"""The models that claims are about, at each scale: one recipe each, so that claims share what is trained."""

__all__ = [
    "attention_copier",
    "attention_unet",
    "blobs",
    "bottleneck",
    "brief_unet",
    "classifier",
    "contracted",
    "denoiser",
    "masked_vit",
    "masked_vit_classifier",
    "overcomplete",
    "photos",
    "photos_unet",
    "photos_unet_skips",
    "scenes",
    "scenes_attention_unet",
    "scenes_classifier",
    "scenes_unet",
    "scenes_unet_skips",
    "small_photos",
    "small_photos_unet",
    "sparse",
    "stack",
    "stack_splits",
    "through_code",
    "undercomplete",
    "variational",
    "widened",
]

from copyist.claims.nets.attention import attention_copier, attention_unet
from copyist.claims.nets.classifiers import classifier, scenes_classifier
from copyist.claims.nets.codes import blobs, contracted, sparse
from copyist.claims.nets.dense import bottleneck, overcomplete, through_code, undercomplete
from copyist.claims.nets.masked import masked_vit, masked_vit_classifier
from copyist.claims.nets.photos import (
    brief_unet,
    photos,
    photos_unet,
    photos_unet_skips,
    small_photos,
    small_photos_unet,
)
from copyist.claims.nets.scenes import scenes, scenes_attention_unet, scenes_unet, scenes_unet_skips
from copyist.claims.nets.stacks import stack, stack_splits
from copyist.claims.nets.unets import denoiser, widened
from copyist.claims.nets.variational import variational
