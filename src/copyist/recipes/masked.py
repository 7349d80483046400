"""Models trained to copy what they are not shown, and the classifier that starts from one."""

__all__ = ["masked_unet", "masked_vit", "masked_vit_classifier"]

from dataclasses import replace

from copyist.models.masked_vit import MaskedViTConfig
from copyist.models.vit_classifier import ViTConfig
from copyist.objectives import MaskedCopying
from copyist.recipes.classification import vit_classifier
from copyist.recipes.copying import unet
from copyist.training import Optimization, Recipe, Training

_PATCH, _WIDTH, _DEPTH, _HEADS = 4, 96, 6, 4
"""Of the encoder, small enough for two cores; ViT-Tiny is 192 units, 12 blocks and 3 heads."""


def masked_vit(*, data: str = "scenes?size=32") -> Recipe:
    """A transformer that sees a quarter of the patches of 4×4 and copies the rest, small enough for two cores.

    ViT-Tiny is --set model.width=192 --set model.depth=12 --set model.heads=3.
    """
    return Recipe(
        name="masked-vit",
        data=data,
        model=MaskedViTConfig(patch=_PATCH, width=_WIDTH, depth=_DEPTH, heads=_HEADS),
        objective=MaskedCopying(),
        training=Training(
            steps=2000,
            batch_size=128,
            optimization=Optimization(optimizer="adamw", learning_rate=1e-3, weight_decay=0.05),
        ),
    )


def masked_unet(*, data: str = "photos") -> Recipe:
    """The U-Net without skips, shown images of which three quarters are painted over; the hidden patches count."""
    return replace(unet(data=data), name="masked-unet", objective=MaskedCopying())


def masked_vit_classifier(*, data: str = "scenes?size=32") -> Recipe:
    """A classifier of the shape of masked-vit's encoder: fine-tuned --from its model, or trained from scratch."""
    training = Training(
        steps=1000,
        batch_size=128,
        flip=False,
        optimization=Optimization(optimizer="adamw", learning_rate=1e-3, weight_decay=0.05),
    )
    return replace(
        vit_classifier(data=data),
        name="masked-vit-classifier",
        model=ViTConfig(patch=_PATCH, width=_WIDTH, depth=_DEPTH, heads=_HEADS, positions="sincos"),
        training=training,
    )
