"""Nets that learn from labels, and what they start from: masked autoencoders and deep stacks."""

__all__ = ["classifier", "masked_vit", "masked_vit_classifier", "scenes_classifier", "stack", "stack_splits"]

from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from copyist import recipes
from copyist.claims.nets.scaling import marked_name, resize, scenes
from copyist.claims.trial import Trial
from copyist.corruption import Corruption, MaskingNoise
from copyist.data.examples import ExampleSet
from copyist.data.splits import Splits
from copyist.models.masked_vit import MaskedViTConfig
from copyist.models.mlp import MLPConfig
from copyist.models.stacked_classifier import StackedClassifierConfig
from copyist.models.vit_classifier import ViTConfig
from copyist.nn.dense import Initialization
from copyist.objectives import Classification, CrossEntropy, Denoising
from copyist.training import Optimization, Pretraining, Recipe

DEPTH = 5
"""Hidden layers of a deep stack."""

PRETRAINING = Optimization(learning_rate=1e-2)
"""Of each layer of a stack: the rate rises and falls within 300 steps, in which one of 0.001 teaches it nothing."""


def classifier(trial: Trial, *, data: Literal["digits", "scenes"], transformer: bool = False) -> Recipe:
    """A net that names classes: of digits, or house, sun and daylight of landscapes.

    Args:
        trial: decides sizes and steps.
        data: on which images.
        transformer: whether it is a vision transformer; else it is made of convolutions.
    """
    source = "digits" if data == "digits" else scenes(trial)
    vit = {
        "patch": 2 if data == "digits" else 4,
        "width": trial.pick(smoke=16, standard=64, gpu=256),
        "depth": trial.pick(smoke=3, standard=6, gpu=12),
    }
    return resize(
        (recipes.vit_classifier if transformer else recipes.conv_classifier)(data=source),
        name=f"{data}-{'vit' if transformer else 'conv'}-classifier",
        steps=trial.pick(smoke=10, standard=1000, gpu=10_000),
        batch_size=trial.pick(smoke=16, standard=64, gpu=64),
        sizes=vit if transformer else {"width": trial.pick(smoke=4, standard=16, gpu=64), "levels": 3},
    )


def scenes_classifier(trial: Trial) -> Recipe:
    """A small classifier of landscapes, in whose 32 features distributions of pictures are compared (smoke: 8)."""
    return resize(
        recipes.conv_classifier(data=scenes(trial)),
        name="scenes-classifier",
        steps=trial.pick(smoke=20, standard=600, gpu=2000),
        batch_size=trial.pick(smoke=16, standard=64, gpu=64),
        sizes={"width": trial.pick(smoke=4, standard=8, gpu=8), "levels": trial.pick(smoke=2, standard=3, gpu=3)},
    )


def masked_vit(trial: Trial) -> Recipe:
    """A transformer that copies the three quarters of a landscape's patches that it is not shown.

    96,000 image visits: some two and a half minutes of one thread.
    """
    return resize(
        recipes.masked_vit(data=scenes(trial)),
        name="scenes-masked-vit",
        steps=trial.pick(smoke=10, standard=1500, gpu=20_000),
        batch_size=trial.pick(smoke=16, standard=64, gpu=256),
        flip=False,  # a mirrored scene is of another class
        sizes={
            "width": trial.pick(smoke=16, standard=64, gpu=192),
            "depth": trial.pick(smoke=2, standard=4, gpu=12),
            "decoder_width": trial.pick(smoke=8, standard=48, gpu=96),
            "decoder_depth": trial.pick(smoke=1, standard=2, gpu=4),
        },
    )


def masked_vit_classifier(trial: Trial, *, count: int, steps: int) -> Recipe:
    """The classifier with the same encoder, for so many steps of 16 on the labels of so many landscapes.

    A thousand steps are some 35 seconds of one thread.
    """
    base = masked_vit(trial)
    assert isinstance(base.model, MaskedViTConfig)
    config = ViTConfig(width=base.model.width, depth=base.model.depth, positions=base.model.positions)
    recipe = replace(base, data=scenes(trial, count=count), model=config, objective=Classification())
    name = f"scenes-masked-vit-classifier-of-{count}"
    return resize(recipe, name=name, steps=steps, batch_size=trial.pick(smoke=4, standard=16, gpu=64))


def stack(
    trial: Trial,
    *,
    activation: Literal["sigmoid", "relu"],
    initialization: Initialization,
    optimizer: Literal["sgd", "adam"],
    rate: float,
    pretrained: bool = True,
    corruption: Corruption | None = None,
    depth: int = DEPTH,
) -> Recipe:
    """A stack that names digits; without pretraining its steps are spent on all layers together.

    Layers are pretrained by Adam at a rate of 0.01 to undo masking noise; those of sigmoid units by cross entropy, and
    others by squared error. One takes 2850 steps of 64 digits, pretraining included: some eleven seconds of one thread.

    Args:
        trial: decides sizes and steps.
        activation: of every hidden layer.
        initialization: of the weights.
        optimizer: by which names are learned; SGD has a momentum of 0.9.
        rate: of learning names, at its peak.
        pretrained: whether each layer is trained alone before.
        corruption: what the layers undo; None is masking noise of a fifth.
        depth: hidden layers, the innermost of which has 30 units.
    """
    units, each = trial.pick(smoke=16, standard=100, gpu=500), trial.pick(smoke=4, standard=300, gpu=4000)
    together = trial.pick(smoke=8, standard=1350, gpu=20_000)
    marks = {
        "not-pretrained": not pretrained,
        "otherwise-corrupted": corruption is not None,
        f"of-{depth}": depth != DEPTH,
    }
    recipe = resize(
        recipes.stacked(data=_learned(trial)),
        name=marked_name(f"digits-{activation}-{initialization}-stack-{optimizer}-{rate:g}", marks),
        steps=together if pretrained else together + DEPTH * each,
    )
    noise = corruption or MaskingNoise(share=0.2)
    layer = CrossEntropy(corruption=noise) if activation == "sigmoid" else Denoising(corruption=noise)
    net = MLPConfig(
        widths=(*[units] * (depth - 1), 30),
        activation=activation,
        output="sigmoid" if activation == "sigmoid" else "identity",
        initialization=initialization,
    )
    return replace(
        recipe,
        model=StackedClassifierConfig(stack=net),
        objective=Classification(),
        training=replace(recipe.training, optimization=Optimization(optimizer=optimizer, learning_rate=rate)),
        pretraining=Pretraining(objectives=(layer,), steps=each, optimization=PRETRAINING) if pretrained else None,
    )


def stack_splits(trial: Trial) -> tuple[Splits, Splits]:
    """The digits that stacks learn from, with a third of all others to choose rates by, and with the rest to judge."""
    learned, whole = trial.splits(_learned(trial)).train, trial.splits("digits")
    rest = np.flatnonzero(~np.isin(whole.train.names, learned.names))
    others = _joined(whole.test, whole.train, rest)
    rows = np.arange(len(others))
    choosing, judging = (_rows(others, rows[where]) for where in (rows % 3 == 0, rows % 3 != 0))
    return Splits(train=learned, test=choosing), Splits(train=learned, test=judging)


def _learned(trial: Trial) -> str:
    """Half of the digits; the other half has 897."""
    return trial.pick(smoke="digits?limit=100", standard="digits?limit=900", gpu="digits?limit=900")


def _joined(first: ExampleSet, second: ExampleSet, rows: npt.NDArray[np.int64]) -> ExampleSet:
    """All of one set, and some rows of another."""
    more = _rows(second, rows)
    assert first.labels is not None
    assert more.labels is not None
    return replace(
        first,
        array=np.concatenate([first.array, more.array]),
        names=(*first.names, *more.names),
        labels=np.concatenate([first.labels, more.labels]),
    )


def _rows(examples: ExampleSet, rows: npt.NDArray[np.int64]) -> ExampleSet:
    assert examples.labels is not None
    return replace(
        examples,
        array=examples.array[rows],
        names=tuple(examples.names[row] for row in rows),
        labels=examples.labels[rows],
    )
