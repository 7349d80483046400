"""Nets that name classes: for their layers, and for their features."""

__all__ = ["classifier", "scenes_classifier"]

from typing import Literal

from copyist.claims.nets.scenes import scenes
from copyist.claims.trial import Trial
from copyist.models.conv_classifier import ConvClassifierConfig
from copyist.models.vit_classifier import ViTConfig
from copyist.objectives import Classification
from copyist.training import Optimization, Recipe, Training


def classifier(trial: Trial, *, data: Literal["digits", "scenes"], transformer: bool = False) -> Recipe:
    """A net that names classes: of digits, or house, sun and daylight of landscapes.

    Args:
        trial: decides sizes and steps.
        data: on which images.
        transformer: whether it is a vision transformer; else it is made of convolutions.
    """
    side = 8 if data == "digits" else trial.pick(smoke=16, cpu=32, gpu=64)
    depth = trial.pick(smoke=3, cpu=6, gpu=12)
    vit = ViTConfig(patch=2 if side == 8 else 4, width=trial.pick(smoke=16, cpu=64, gpu=256), depth=depth)
    conv = ConvClassifierConfig(width=trial.pick(smoke=4, cpu=16, gpu=64), levels=3)
    steps = trial.pick(smoke=10, cpu=1000, gpu=10_000)
    return Recipe(
        name=f"{data}-{'vit' if transformer else 'conv'}-classifier",
        data="digits" if data == "digits" else scenes(trial),
        model=vit if transformer else conv,
        objective=Classification(),
        training=Training(
            steps=steps,
            batch_size=trial.pick(smoke=16, cpu=64, gpu=64),
            flip=False,
            validate_every=steps,
            save_every=steps,
            optimization=Optimization(learning_rate=1e-3 if transformer else 3e-3),
        ),
    )


def scenes_classifier(trial: Trial) -> Recipe:
    """A small classifier of landscapes, in whose 32 features distributions of pictures are compared (smoke: 8)."""
    steps = trial.pick(smoke=20, cpu=600, gpu=2000)
    config = ConvClassifierConfig(width=trial.pick(smoke=4, cpu=8, gpu=8), levels=trial.pick(smoke=2, cpu=3, gpu=3))
    training = Training(
        steps=steps,
        batch_size=trial.pick(smoke=16, cpu=64, gpu=64),
        flip=False,  # a mirrored scene is of another class
        validate_every=steps,
        save_every=steps,
        optimization=Optimization(learning_rate=3e-3),
    )
    return Recipe(
        name="scenes-classifier", data=scenes(trial), model=config, objective=Classification(), training=training
    )
