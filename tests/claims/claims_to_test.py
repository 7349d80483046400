"""Claims so small that their answers are known on paper; at the top of a module, so that other processes find them."""

import math
from dataclasses import replace

import torch

from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.errors import TrainingError
from copyist.evidence import Above, Below, Claim, Control, Part, Regime, Within

CLAIM = Claim(
    sentence="Seeds are small.",
    source="nobody",
    regime=Regime(psnr=None, why="there is no net"),
    parts=(
        Part(name="level", measure="the seed / 10", holds_when=Below(2.0)),
        Part(name="draw", measure="a product of random matrices", holds_when=Within(1e6)),
    ),
    controls=(Control(name="twice", measure="the seed, doubled"),),
)


def run(trial: Trial) -> Measurements:
    """Values known from the seed alone, and one from a sum whose order the number of threads could change."""
    x = torch.randn(300, 301, generator=trial.generator("draw"))
    level = trial.seed / 10
    product = float((x @ x.T).sum()) + float((x.numpy() @ x.numpy().T).sum())
    image = torch.full((1, 1, 4, 5), level)
    return Measurements(
        values={"level": level, "draw": product, "twice": 2 * trial.seed},
        curves={"fall": Curves(title="fall", x_label="t", y_label="y", x=[1, 2], lines={"a": [level, math.inf]})},
        pictures={"flat": Pictures(caption=f"Seed {trial.seed}.", rows={"flat": image})},
    )


def nothing(trial: Trial) -> Measurements:
    """What cannot be measured."""
    return Measurements(values={"level": math.nan, "draw": 1.0, "twice": 1.0})


def fails(trial: Trial) -> Measurements:
    """An experiment whose middle seed fails."""
    if trial.seed == 1:
        raise TrainingError("the loss must be a number, got nan; take a smaller learning rate")
    return run(trial)


SMALL = Experiment(claim=CLAIM, run=run)
WITHOUT_NUMBERS = Experiment(claim=CLAIM, run=nothing)
FAILING = Experiment(claim=CLAIM, run=fails)
LARGE = Experiment(
    claim=replace(CLAIM, parts=(replace(CLAIM.parts[0], holds_when=Above(2.0)), CLAIM.parts[1])), run=run
)
OPEN = Experiment(
    claim=replace(CLAIM, parts=(replace(CLAIM.parts[0], waits_for="a model to come"),), controls=CLAIM.parts[1:1]),
    run=lambda trial: Measurements(values={}),
)
