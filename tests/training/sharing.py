"""Runs that several processes share, and the same of one process alone.

As a program it is one of several processes, which train all of these runs, one after the other: `python sharing.py
FOLDER`.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor, distributed
from torch.distributed.tensor import DTensor

from copyist.corruption import Blend, GaussianNoise, OneOf, Structured
from copyist.models import ConvClassifierConfig, MLPConfig, UNetConfig, VariationalMLPConfig
from copyist.objectives import ELBO, Classification, Copying, Denoising, KLSparsity, WalkingBack
from copyist.training import Optimization, Recipe, Training, train
from copyist.training.descent import Descent
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

SHARDED = {
    name: replace(recipe, training=replace(recipe.training, sharding="full"))
    for name, recipe in EQUAL.items()
    if name in ("noise", "classes", "bound")
}
"""Some of them with weights that the processes divide."""

HALF = replace(EQUAL["noise"], training=replace(_TRAINING, precision="bf16"))
"""What is rounded so coarsely shows by which kernels it was computed."""

LONG_SHARDED = replace(LONG, training=replace(LONG.training, sharding="full", patience=9, snapshots=(1.0,)))

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
    for name, recipe in SHARDED.items():
        train(recipe, out=folder / f"sharded-{name}", seed=SEED)
    for name, sharding in (("half", "none"), ("sharded-half", "full")):
        train(replace(HALF, training=replace(HALF.training, sharding=sharding)), out=folder / name, seed=SEED)
    train(LONG_SHARDED, out=folder / "sharded-straight", seed=SEED)
    for stop, resume in ((STOPS[0], False), (STOPS[1], True)):
        kill_at(stop, LONG_SHARDED, folder / "sharded-twice", resume=resume)
    train(LONG_SHARDED, out=folder / "sharded-twice", seed=SEED, resume=True)
    kill_at(STOPS[0], LONG_SHARDED, folder / "sharded-handed-over")


def measure_parts(folder: Path) -> None:
    """Write what this process has of all weights, gradients and moments after a step, whole and divided, in bytes."""
    for sharding in (False, True):
        model = _UNET.fitted((1, 16, 16)).build()
        accelerator = Accelerator()
        descent = Descent(Copying(), model, Optimization(), accelerator=accelerator, sharded=sharding)
        x = torch.rand(4, 1, 16, 16)
        descent.backward(descent.loss(x, progress=0.0, generator=torch.Generator()))
        gradients = sum(own_bytes(weight.grad) for weight in model.parameters() if weight.grad is not None)
        descent.step()
        moments = (value for each in descent.optimizer.state.values() for value in each.values() if value.ndim)
        found = {
            "weights": sum(map(own_bytes, model.parameters())),
            "gradients": gradients,
            "moments": sum(map(own_bytes, moments)),
        }
        file = folder / f"{'divided' if sharding else 'whole'}-{accelerator.process_index}.json"
        file.write_text(json.dumps(found))


def own_bytes(tensor: Tensor) -> int:
    local = tensor.to_local() if isinstance(tensor, DTensor) else tensor
    return local.numel() * local.element_size()


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
    measure_parts(Path(sys.argv[1]))
    # Else threads of the group may outlive the interpreter, which aborts.
    distributed.destroy_process_group()
