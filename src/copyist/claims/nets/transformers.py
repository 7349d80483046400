"""Vision transformers of landscapes that differ in what they are trained for, and in how much a token holds."""

__all__ = ["copying_vit", "naming_vit"]

from dataclasses import replace

from copyist import recipes
from copyist.claims.nets.labels import classifier
from copyist.claims.nets.scaling import resize, scenes
from copyist.claims.trial import Trial
from copyist.models.vit_classifier import ViTConfig
from copyist.objectives import Copying
from copyist.training import Recipe


def naming_vit(trial: Trial, *, narrow: bool = False) -> Recipe:
    """A transformer that names house, sun and daylight of landscapes, for some 64,000 image visits.

    A token has 64 units for the 48 values of its patch, as many to one as in the ViT-L/16 of the source.

    Args:
        trial: decides sizes and steps.
        narrow: whether patches are of 8×8, so that the same 64 units stand for 192 values.
    """
    base = classifier(trial, data="scenes", transformer=True)
    if not narrow:
        return base
    assert isinstance(base.model, ViTConfig)
    return replace(base, name="scenes-narrow-vit-classifier", model=replace(base.model, patch=8))


def copying_vit(trial: Trial) -> Recipe:
    """The encoder of that transformer with a small decoder, which copies whole landscapes; as many image visits."""
    base = naming_vit(trial)
    assert isinstance(base.model, ViTConfig)
    return replace(
        resize(
            recipes.masked_vit(data=scenes(trial)),
            name="scenes-copying-vit",
            steps=base.training.steps,
            batch_size=base.training.batch_size,
            flip=False,
            sizes={
                "patch": base.model.patch,
                "width": base.model.width,
                "depth": base.model.depth,
                "heads": base.model.heads,
                "decoder_width": trial.pick(smoke=8, standard=48, gpu=96),
                "decoder_depth": trial.pick(smoke=1, standard=2, gpu=4),
            },
        ),
        objective=Copying(),
    )
