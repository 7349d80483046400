"""Deep stacks on digits, with and without pretraining, for as many steps in all."""

__all__ = ["stack", "stack_splits"]

from dataclasses import replace
from typing import Literal

import numpy as np

from copyist.claims.trial import Trial
from copyist.corruption import Corruption, MaskingNoise
from copyist.data.examples import Splits
from copyist.models.mlp import MLPConfig
from copyist.models.stacked_classifier import StackedClassifierConfig
from copyist.nn.dense import Initialization
from copyist.objectives import Classification, Copying, CrossEntropy, Denoising
from copyist.training import Optimization, Pretraining, Recipe, Training

DEPTH = 5
"""Hidden layers of a deep stack."""

MOMENTUM = Optimization(optimizer="sgd", learning_rate=0.1)
ADAM = Optimization(learning_rate=1e-3)


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
    units, each = trial.pick(smoke=16, cpu=100, gpu=500), trial.pick(smoke=4, cpu=300, gpu=4000)
    together = trial.pick(smoke=8, cpu=1350, gpu=20_000)
    is_sigmoid = activation == "sigmoid"
    net = MLPConfig(
        widths=(*[units] * (depth - 1), 30),
        activation=activation,
        output="sigmoid" if is_sigmoid else "identity",
        initialization=initialization,
    )
    steps = together if pretrained or brief else together + DEPTH * each
    noise = corruption or MaskingNoise(share=0.2)
    layer = CrossEntropy(corruption=noise) if is_sigmoid else Denoising(corruption=noise)
    copying = CrossEntropy() if is_sigmoid else Copying()
    optimization = ADAM if adam or task == "copying" else MOMENTUM
    marks = {
        "not-pretrained": not pretrained,
        "otherwise-corrupted": corruption is not None,
        f"of-{depth}": depth != DEPTH,
        "brief": brief,
        "adam": adam,
    }
    name = "-".join([f"digits-{activation}-{initialization}-stack-{task}", *(mark for mark in marks if marks[mark])])
    recipe = Recipe(
        name=name,
        data=_learned(trial),
        model=StackedClassifierConfig(stack=net) if task == "naming" else net,
        objective=Classification() if task == "naming" else copying,
        training=Training(steps=steps, flip=False, validate_every=steps, save_every=steps, optimization=optimization),
    )
    pretraining = Pretraining(objectives=(layer,), steps=each, optimization=ADAM)
    return replace(recipe, pretraining=pretraining) if pretrained else recipe


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
    return trial.pick(smoke="digits?limit=100", cpu="digits?limit=900", gpu="digits?limit=900")
