"""Classifiers, whose layers are inverted and whose features are distances' ground."""

__all__ = ["conv_classifier", "vit_classifier"]

from dataclasses import replace

from copyist.models.conv_classifier import ConvClassifierConfig
from copyist.models.vit_classifier import ViTConfig
from copyist.objectives import Classification
from copyist.training import Optimization, Recipe, Training


def conv_classifier(*, data: str = "digits") -> Recipe:
    """Convolutions that name the classes of labeled images, 8×8 or larger; a mirrored digit is another, so none is."""
    return Recipe(
        name="conv-classifier",
        data=data,
        model=ConvClassifierConfig(),
        objective=Classification(),
        training=Training(steps=600, flip=False, optimization=Optimization(learning_rate=3e-3)),
    )


def vit_classifier(*, data: str = "digits") -> Recipe:
    """A vision transformer that names classes from patches of 2×2; for images of 32×32 and more take --set patch=4."""
    base = conv_classifier(data=data)
    training = replace(base.training, optimization=Optimization(learning_rate=1e-3))
    return replace(base, name="vit-classifier", model=ViTConfig(patch=2), training=training)
