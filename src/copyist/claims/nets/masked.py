"""A masked autoencoder of landscapes, and the classifiers that start from it or from nothing."""

__all__ = ["masked_vit", "masked_vit_classifier"]

from dataclasses import replace

from copyist.claims.nets.scenes import scenes
from copyist.claims.trial import Trial
from copyist.models.masked_vit import MaskedViTConfig
from copyist.models.vit_classifier import ViTConfig
from copyist.objectives import Classification, MaskedCopying
from copyist.training import Optimization, Recipe, Training


def masked_vit(trial: Trial) -> Recipe:
    """A transformer that copies the three quarters of a landscape's patches that it is not shown."""
    steps = trial.pick(smoke=10, cpu=600, gpu=20_000)
    return Recipe(
        name="scenes-masked-vit",
        data=scenes(trial),
        model=MaskedViTConfig(
            width=trial.pick(smoke=16, cpu=64, gpu=192),
            depth=trial.pick(smoke=2, cpu=4, gpu=12),
            decoder_width=trial.pick(smoke=8, cpu=48, gpu=96),
            decoder_depth=trial.pick(smoke=1, cpu=2, gpu=4),
        ),
        objective=MaskedCopying(),
        training=Training(
            steps=steps,
            batch_size=trial.pick(smoke=16, cpu=64, gpu=256),
            flip=False,  # a mirrored scene is of another class
            validate_every=steps,
            save_every=steps,
            optimization=Optimization(optimizer="adamw", learning_rate=1e-3, weight_decay=0.05),
        ),
    )


def masked_vit_classifier(trial: Trial, *, steps: int) -> Recipe:
    """The classifier with the same encoder, for so many steps on the labels."""
    base = masked_vit(trial)
    assert isinstance(base.model, MaskedViTConfig)
    return replace(
        base,
        name="scenes-masked-vit-classifier",
        model=ViTConfig(width=base.model.width, depth=base.model.depth, positions=base.model.positions),
        objective=Classification(),
        training=replace(base.training, steps=steps, validate_every=steps, save_every=steps),
    )
