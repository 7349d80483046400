"""Recipes of denoisers and masked autoencoders, and of a classifier fine-tuned from one."""

__all__ = [
    "blind_denoiser",
    "denoising_table",
    "denoising_unet",
    "direct_denoiser",
    "masked_unet",
    "masked_vit",
    "masked_vit_classifier",
    "repairing_unet",
]

from dataclasses import replace

from copyist.corruption import Blend, GaussianNoise, OneOf, Structured
from copyist.models.dncnn import DnCNNConfig
from copyist.models.masked_vit import MaskedViTConfig
from copyist.models.mlp import MLPConfig
from copyist.models.residual import ResidualConfig
from copyist.models.unet import UNetConfig
from copyist.models.vit_classifier import ViTConfig
from copyist.objectives import Classification, Denoising, MaskedCopying
from copyist.recipes.copiers import unet
from copyist.training import Optimization, Recipe, Training

_PATCH, _WIDTH, _DEPTH, _HEADS = 4, 96, 6, 4
"""Of the masked model's encoder, small enough for two cores; ViT-Tiny is 192 units, 12 blocks and 3 heads."""


def denoising_table(*, data: str = "cancer") -> Recipe:
    """Rows of a table out of noise, which in each column grows with its tails; what detectors of tables are trained by.

    Where outliers may be among the rows it is --set trimmed=0.1: the strangest tenth is not learned.
    """
    return Recipe(
        name="denoising-table",
        data=data,
        model=MLPConfig(widths=(128, 128), column_unit="tails"),
        objective=Denoising(corruption=GaussianNoise(sigma=(0.5, 1.5))),
        training=Training(
            steps=100,
            batch_size=128,
            flip=False,
            # As fast as bf16 in nets so small.
            precision="float32",
            validate_every=100,
            save_every=100,
            optimization=Optimization(learning_rate=1e-2),
        ),
    )


def denoising_unet(*, data: str = "photos") -> Recipe:
    """The U-Net trained to denoise: blends with any α from 0.1 to 1, or zero-mean noise up to σ = 0.5."""
    corruption = OneOf((Blend(alpha=(0.1, 1.0)), GaussianNoise(sigma=(0.0, 0.5))))
    return replace(unet(data=data), name="denoising-unet", objective=Denoising(corruption=corruption))


def repairing_unet(*, data: str = "photos") -> Recipe:
    """The U-Net that undoes stains, streaks, patches and blur of images; what detectors of images are trained by."""
    return Recipe(
        name="repairing-unet",
        data=data,
        model=ResidualConfig(
            model=UNetConfig(width=16, levels=5, convolutions=1, statistics="group", skips=True),
        ),
        objective=Denoising(corruption=Structured()),
        training=Training(
            steps=700,
            batch_size=16,
            averaging=0.99,
            validate_every=350,
            save_every=350,
            optimization=Optimization(learning_rate=3e-3),
        ),
    )


def blind_denoiser(*, data: str = "photos?channels=1") -> Recipe:
    """Twenty convolutions without biases that predict Gaussian noise of any σ up to 55/255; at full size, for a GPU."""
    return Recipe(
        name="blind-denoiser",
        data=data,
        model=ResidualConfig(model=DnCNNConfig(width=64, depth=20, biases=False)),
        objective=Denoising(corruption=GaussianNoise(sigma=(0.0, 55 / 255))),
        training=Training(
            steps=100_000,
            batch_size=128,
            averaging=0.999,
            validate_every=2000,
            save_every=2000,
            optimization=Optimization(learning_rate=1e-3, warmup=0.02),
        ),
    )


def direct_denoiser(*, data: str = "photos?channels=1") -> Recipe:
    """Twenty convolutions without biases that predict the clean image itself, and not the noise."""
    model = DnCNNConfig(width=64, depth=20, biases=False)
    return replace(blind_denoiser(data=data), name="direct-denoiser", model=model)


def masked_unet(*, data: str = "photos") -> Recipe:
    """The U-Net without skips, trained to copy the hidden three quarters of the patches of an image."""
    return replace(unet(data=data), name="masked-unet", objective=MaskedCopying())


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


def masked_vit_classifier(*, data: str = "scenes?size=32") -> Recipe:
    """A classifier of the shape of masked-vit's encoder: fine-tuned --from its model, or trained from scratch."""
    base = masked_vit(data=data)
    return replace(
        base,
        name="masked-vit-classifier",
        model=ViTConfig(patch=_PATCH, width=_WIDTH, depth=_DEPTH, heads=_HEADS, positions="sincos"),
        objective=Classification(),
        training=replace(base.training, steps=1000, flip=False),
    )
