"""Recipes of compressors."""

__all__ = ["image_codec"]

from copyist.models.image_codec import ImageCodecConfig
from copyist.objectives import RateDistortion
from copyist.training import Optimization, Recipe, Training


def image_codec(*, data: str = "photos?size=128") -> Recipe:
    """A codec of images of any size: one model for eight qualities, with a shallow decoder and exact entropy coding."""
    return Recipe(
        name="image-codec",
        data=data,
        model=ImageCodecConfig(),
        objective=RateDistortion(crop=192),
        training=Training(
            steps=40_000,
            batch_size=4,
            averaging=0.999,
            validate_every=500,
            validation_images=32,
            save_every=500,
            optimization=Optimization(learning_rate=5e-4, warmup=0.02),
        ),
    )
