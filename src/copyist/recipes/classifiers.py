"""Recipes of classifiers, and of stacks of autoencoders that are trained layer by layer."""

__all__ = ["conv_classifier", "stacked", "stacked_classifier", "stacked_denoising", "vit_classifier"]

from dataclasses import replace

from copyist.corruption import MaskingNoise
from copyist.models.conv_classifier import ConvClassifierConfig
from copyist.models.mlp import MLPConfig
from copyist.models.stacked_classifier import StackedClassifierConfig
from copyist.models.vit_classifier import ViTConfig
from copyist.objectives import Classification, CrossEntropy
from copyist.training import Optimization, Pretraining, Recipe, Training

SHARES = (0.1, 0.2, 0.3)
"""Of the values that masking noise sets to 0, from the outermost layer inward."""


def conv_classifier(*, data: str = "digits") -> Recipe:
    """A convolutional classifier of labeled images, 8×8 or larger, trained without mirroring."""
    return Recipe(
        name="conv-classifier",
        data=data,
        model=ConvClassifierConfig(),
        objective=Classification(),
        training=Training(steps=600, flip=False, optimization=Optimization(learning_rate=3e-3)),
    )


def vit_classifier(*, data: str = "digits") -> Recipe:
    """A vision transformer classifier, with patches of 2×2; for images of 32×32 and more take --set patch=4."""
    base = conv_classifier(data=data)
    training = replace(base.training, optimization=Optimization(learning_rate=1e-3))
    return replace(base, name="vit-classifier", model=ViTConfig(patch=2), training=training)


def stacked(*, data: str = "digits") -> Recipe:
    """Three layers of sigmoid units that each learn to copy the one below, and then together to copy images."""
    return Recipe(
        name="stacked",
        data=data,
        model=MLPConfig(widths=(256, 128, 32), activation="sigmoid", output="sigmoid", initialization="glorot"),
        objective=CrossEntropy(),
        pretraining=Pretraining(objectives=(CrossEntropy(),), steps=1000),
        training=Training(steps=1000, flip=False, optimization=Optimization(learning_rate=3e-3)),
    )


def stacked_denoising(*, data: str = "digits") -> Recipe:
    """Three layers of sigmoid units that each learn to copy from values of which ever more, inward, are set to 0."""
    objectives = tuple(CrossEntropy(corruption=MaskingNoise(share=share)) for share in SHARES)
    base = stacked(data=data)
    pretraining = Pretraining(objectives=objectives, steps=1000)
    return replace(base, name="stacked-denoising", objective=objectives[0], pretraining=pretraining)


def stacked_classifier(*, data: str = "digits") -> Recipe:
    """Three denoising layers of 1000 tied sigmoid units, and then all of them and a linear head on labels."""
    stack = MLPConfig(
        widths=(1000, 1000, 1000), activation="sigmoid", output="sigmoid", tied=True, initialization="glorot"
    )
    base = stacked_denoising(data=data)
    return replace(
        base,
        name="stacked-classifier",
        model=StackedClassifierConfig(stack=stack),
        objective=Classification(),
        training=Training(steps=1000, flip=False, optimization=Optimization(learning_rate=1e-3)),
    )
