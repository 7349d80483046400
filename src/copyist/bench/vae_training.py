"""A step of training a variational autoencoder: our loop against pythae's."""

__all__ = ["bench_vae", "our_vae_steps"]

import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from copyist.bench.measure import Turn, check_batch, compare, machine, race
from copyist.bench.reference_vae import peer, pythae_loop, vae_loop
from copyist.bench.timings import BenchResult
from copyist.bench.unet_training import NEVER, TurnObserver
from copyist.data import open_source
from copyist.models.variational_mlp import VariationalMLPConfig
from copyist.recipes import vae
from copyist.training import train

_STEPS_PER_TURN = 50


def bench_vae(
    *,
    size: int = 28,
    batch: int = 100,
    rounds: int = 20,
    num_images: int = 10_000,
    say: Callable[[str], None] = lambda sentence: None,
) -> BenchResult:
    """Time our training of the recipe `vae` and pythae's by turns, each in its own process.

    The reference is pythae's own trainer where it is installed, and else a plain loop with that trainer's settings.

    Args:
        size: side of an image, a digit of 0 and 1.
        batch: images per step.
        rounds: turns of each; one is 50 steps.
        num_images: digits that are trained on, as many of them repeated as are needed.
        say: takes one sentence a round.
    """
    check_batch(batch, size=size)
    config = VariationalMLPConfig(image_shape=(1, size, size))
    other = peer()
    where = machine()
    say(f"the reference is {other}; warming up")
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "digits.npy")
        digits = open_source(f"digits?size={size}&binarize=0.5").train.array[:, 0]
        np.save(file, np.resize(digits, (num_images, size, size)))
        loop = vae_loop if other == "a plain loop" else pythae_loop
        ours, reference = partial(our_vae_steps, config, file, batch), partial(loop, config, file, batch)
        times = race(ours, reference, steps=_STEPS_PER_TURN, rounds=rounds, say=say)
    row = compare(times, width=config.widths[0], size=size, batch=batch, flops=None)
    return BenchResult(
        name=f"vae against {other}", unit="step", images_per_unit=batch, machine=where, comparisons=(row,)
    )


def our_vae_steps(config: VariationalMLPConfig, file: str, batch: int, turn: Turn) -> None:
    """`copyist.train`, for as long as `turn` allows; each of its steps is reported by its observer."""
    recipe = vae(data=file)
    training = replace(recipe.training, steps=NEVER, batch_size=batch, validate_every=NEVER, save_every=NEVER)
    with tempfile.TemporaryDirectory() as folder:
        train(replace(recipe, model=config, training=training), out=Path(folder) / "run", observer=TurnObserver(turn))
