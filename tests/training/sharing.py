"""Runs that several processes share, and the same of one process alone.

As a program it is one of several processes, which train all of these runs, one after the other: `python sharing.py
FOLDER`.
"""

import sys
from dataclasses import replace
from pathlib import Path

import torch

from copyist.corruption import Blend, GaussianNoise, OneOf, Structured
from copyist.models import ConvClassifierConfig, MLPConfig, UNetConfig, VariationalMLPConfig
from copyist.objectives import ELBO, Classification, Denoising, KLSparsity, WalkingBack
from copyist.training import Optimization, Recipe, Training, train
from training.tiny import StoppedError, Told

SEED = 3
STEPS, STOPS = 12, (6, 10)
"""Steps of the runs that are killed, and the steps at which that happens."""

_TRAINING = Training(
    steps=4,
    batch_size=8,
    save_every=4,
    validate_every=4,
    validation_images=20,
    averaging=0.9,
    precision="float32",
    optimization=Optimization(optimizer="sgd", learning_rate=0.05, accumulation=2),
)

_UNET = UNetConfig(width=4, levels=2, convolutions=1, statistics="batch")

EQUAL = {
    # The batch decides what each image gets, what each is normalized by, and what it is damaged with.
    "noise": Recipe(
        name="noise",
        data="digits",
        model=_UNET,
        objective=Denoising(corruption=OneOf((Blend(alpha=(0.1, 1.0)), GaussianNoise(sigma=(0.0, 0.5)), Structured()))),
        training=_TRAINING,
    ),
    "chain": Recipe(
        name="chain",
        data="digits",
        model=replace(_UNET, statistics="group"),
        objective=WalkingBack(corruption=GaussianNoise(sigma=0.2), steps=2, spread=0.1),
        training=_TRAINING,
    ),
    "classes": Recipe(
        name="classes",
        data="digits",
        model=ConvClassifierConfig(width=4, levels=2, statistics="running"),
        objective=Classification(),
        training=_TRAINING,
    ),
    # A mean over the batch in a function that is not linear.
    "rates": Recipe(
        name="rates",
        data="digits",
        model=MLPConfig(image_shape=(1, 8, 8), widths=(16,), activation="sigmoid"),
        objective=KLSparsity(weight=3.0),
        training=_TRAINING,
    ),
    "bound": Recipe(
        name="bound",
        data="digits?binarize=sample",
        model=VariationalMLPConfig(image_shape=(1, 8, 8), widths=(16,), code_size=4),
        objective=ELBO(free_nats=0.3),
        training=replace(_TRAINING, optimization=replace(_TRAINING.optimization, learning_rate=1e-3)),
    ),
}
"""Runs of which each step must be that of one process with the whole batch."""

LONG = replace(EQUAL["noise"], training=replace(_TRAINING, steps=STEPS, optimization=Optimization(learning_rate=0.01)))

PER_DEVICE = replace(LONG, training=replace(LONG.training, batch_statistics="per-device"))


def train_all(folder: Path) -> None:
    """All of these runs; that of `LONG` also killed and resumed twice, and killed once to be resumed by others."""
    for name, recipe in EQUAL.items():
        train(recipe, out=folder / name, seed=SEED)
    train(LONG, out=folder / "straight", seed=SEED)
    for stop, resume in ((STOPS[0], False), (STOPS[1], True)):
        kill_at(stop, LONG, folder / "twice", resume=resume)
    train(LONG, out=folder / "twice", seed=SEED, resume=True)
    kill_at(STOPS[0], LONG, folder / "handed-over")
    kill_at(STOPS[0], PER_DEVICE, folder / "per-device")


def kill_at(step: int, recipe: Recipe, folder: Path, *, resume: bool = False) -> None:
    """Train until a step after which nothing more happens, as when the process is killed."""
    try:
        train(recipe, out=folder, seed=SEED, resume=resume, observer=Told(stop_at=step))
    except StoppedError:
        return
    raise AssertionError(f"no step {step} was taken")


if __name__ == "__main__":
    torch.set_num_threads(1)
    train_all(Path(sys.argv[1]))
