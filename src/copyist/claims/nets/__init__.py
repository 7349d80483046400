"""The models that claims are about, at each scale: one recipe each, so that claims share what is trained."""

__all__ = [
    "attention_copier",
    "attention_unet",
    "blobs",
    "bottleneck",
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
    "scenes_classifier",
    "small_photos",
    "small_photos_unet",
    "sparse",
    "stack",
    "stack_splits",
    "through_code",
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
    overcomplete,
    sparse,
    through_code,
    undercomplete,
)
from copyist.claims.nets.scaling import blobs, photos, scenes, small_photos
from copyist.claims.nets.unets import (
    denoiser,
    photos_unet,
    photos_unet_skips,
    small_photos_unet,
    variational,
)
