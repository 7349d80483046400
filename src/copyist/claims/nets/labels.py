"""Nets that learn from labels, and what they start from: masked autoencoders and deep stacks."""

__all__ = ["classifier", "masked_vit", "masked_vit_classifier", "scenes_classifier", "stack", "stack_splits"]

from dataclasses import replace
from typing import Literal

import numpy as np

from copyist import recipes
from copyist.claims.nets.scaling import marked_name, resize, scenes
from copyist.claims.trial import Trial
from copyist.corruption import Corruption, MaskingNoise
from copyist.data.examples import Splits
from copyist.models.masked_vit import MaskedViTConfig
from copyist.models.mlp import MLPConfig
from copyist.models.stacked_classifier import StackedClassifierConfig
from copyist.models.vit_classifier import ViTConfig
from copyist.nn.dense import Initialization
from copyist.objectives import Classification, Copying, CrossEntropy, Denoising, Objective
from copyist.training import Optimization, Pretraining, Recipe

DEPTH = 5
"""Hidden layers of a deep stack."""

MOMENTUM = Optimization(optimizer="sgd", learning_rate=0.1)
ADAM = Optimization(learning_rate=1e-3)


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
    """A transformer that copies the three quarters of a landscape's patches that it is not shown."""
    return resize(
        recipes.masked_vit(data=scenes(trial)),
        name="scenes-masked-vit",
        steps=trial.pick(smoke=10, standard=600, gpu=20_000),
        batch_size=trial.pick(smoke=16, standard=64, gpu=256),
        flip=False,  # a mirrored scene is of another class
        sizes={
            "width": trial.pick(smoke=16, standard=64, gpu=192),
            "depth": trial.pick(smoke=2, standard=4, gpu=12),
            "decoder_width": trial.pick(smoke=8, standard=48, gpu=96),
            "decoder_depth": trial.pick(smoke=1, standard=2, gpu=4),
        },
    )


def masked_vit_classifier(trial: Trial, *, steps: int) -> Recipe:
    """The classifier with the same encoder, for so many steps on the labels."""
    base = masked_vit(trial)
    assert isinstance(base.model, MaskedViTConfig)
    config = ViTConfig(width=base.model.width, depth=base.model.depth, positions=base.model.positions)
    recipe = replace(base, model=config, objective=Classification())
    return resize(recipe, name="scenes-masked-vit-classifier", steps=steps)


def stack(
    trial: Trial,
    *,
    activation: Literal["sigmoid", "relu"],
    initialization: Initialization,
    task: Literal["naming", "copying"] = "naming",
    pretrained: bool = True,
    corruption: Corruption | None = None,
    depth: int = DEPTH,
    brief: bool = False,
    adam: bool = False,
) -> Recipe:
    """A stack on digits that names or copies them; without pretraining its steps are spent on all layers together.

    Layers are pretrained by Adam to undo masking noise. Names are then learned as was usual in those years, by gradient
    descent with momentum; copies by Adam too, since the loss of each value alone is too flat for the same rate. Sigmoid
    units copy by cross entropy and others by squared error.

    Args:
        trial: decides sizes and steps.
        activation: of every hidden layer.
        initialization: of the weights.
        task: what all layers together are trained for.
        pretrained: whether each layer is trained alone before.
        corruption: what the layers undo; None is masking noise of a fifth.
        depth: hidden layers, the innermost of which has 30 units.
        brief: whether the steps that pretraining would take are left out without it.
        adam: whether names are learned by Adam too.
    """
    units, each = trial.pick(smoke=16, standard=100, gpu=500), trial.pick(smoke=4, standard=300, gpu=4000)
    together = trial.pick(smoke=8, standard=1350, gpu=20_000)
    marks = {
        "not-pretrained": not pretrained,
        "otherwise-corrupted": corruption is not None,
        f"of-{depth}": depth != DEPTH,
        "brief": brief,
        "adam": adam,
    }
    recipe = resize(
        recipes.stacked(data=_learned(trial)),
        name=marked_name(f"digits-{activation}-{initialization}-stack-{task}", marks),
        steps=together if pretrained or brief else together + DEPTH * each,
    )
    layer, copying = _objectives(activation, corruption or MaskingNoise(share=0.2))
    net = MLPConfig(
        widths=(*[units] * (depth - 1), 30),
        activation=activation,
        output="sigmoid" if activation == "sigmoid" else "identity",
        initialization=initialization,
    )
    optimization = ADAM if adam or task == "copying" else MOMENTUM
    return replace(
        recipe,
        model=StackedClassifierConfig(stack=net) if task == "naming" else net,
        objective=Classification() if task == "naming" else copying,
        training=replace(recipe.training, optimization=optimization),
        pretraining=Pretraining(objectives=(layer,), steps=each, optimization=ADAM) if pretrained else None,
    )


def stack_splits(trial: Trial) -> Splits:
    """The digits that stacks learn from, and all others, five times the tenth that is held out of every source."""
    learned, whole = trial.splits(_learned(trial)).train, trial.splits("digits")
    rest = np.flatnonzero(~np.isin(whole.train.names, learned.names))
    assert whole.train.labels is not None
    assert whole.test.labels is not None
    others = replace(
        whole.test,
        array=np.concatenate([whole.test.array, whole.train.array[rest]]),
        names=(*whole.test.names, *(whole.train.names[row] for row in rest)),
        labels=np.concatenate([whole.test.labels, whole.train.labels[rest]]),
    )
    return Splits(train=learned, test=others)


def _learned(trial: Trial) -> str:
    """Half of the digits; the other half has 897."""
    return trial.pick(smoke="digits?limit=100", standard="digits?limit=900", gpu="digits?limit=900")


def _objectives(activation: Literal["sigmoid", "relu"], noise: Corruption) -> tuple[Objective, Objective]:
    """What each layer minimizes below it, and what all together do to copy: cross entropy or squared error."""
    if activation == "sigmoid":
        return CrossEntropy(corruption=noise), CrossEntropy()
    return Denoising(corruption=noise), Copying()
