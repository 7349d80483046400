"""A step of training of a variational autoencoder, against pythae's."""

__all__ = ["bench_vae", "our_loop"]

import contextlib
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from copyist.bench.measure import Contender, Turn, alternate, compared, machine
from copyist.bench.reference_vae import peer, pythae_loop, vae_loop
from copyist.bench.results import Result
from copyist.data import open_source
from copyist.models.variational_mlp import VariationalMLPConfig
from copyist.recipes import vae
from copyist.training import Observer, train

_STEPS_PER_TURN = 50

_NEVER = 10**7
"""More steps than any benchmark takes."""


def bench_vae(
    *,
    size: int = 28,
    batch: int = 100,
    rounds: int = 20,
    num_images: int = 10_000,
    say: Callable[[str], None] = lambda sentence: None,
) -> Result:
    """Time our training of the recipe `vae` and pythae's by turns, each in its own process.

    The reference is pythae's own trainer where it is installed, and else a plain loop with that trainer's settings.

    Args:
        size: side of an image, a digit of 0 and 1.
        batch: images per step.
        rounds: turns of each; one is 50 steps.
        num_images: digits that are trained on, as many of them repeated as are needed.
        say: is told how it goes.
    """
    config = VariationalMLPConfig(image_shape=(1, size, size))
    other = peer()
    where = machine()
    say(f"the reference is {other}; warming up")
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "digits.npy")
        digits = open_source(f"digits?size={size}&binarize=0.5").train.array[:, 0]
        np.save(file, np.resize(digits, (num_images, size, size)))
        loop = vae_loop if other == "a plain loop" else pythae_loop
        with (
            contextlib.closing(Contender(our_loop, config, file, batch, steps=_STEPS_PER_TURN)) as ours,
            contextlib.closing(Contender(loop, config, file, batch, steps=_STEPS_PER_TURN)) as plain,
        ):
            times = alternate(ours, plain, rounds=rounds, say=say)
    row = compared(times, width=config.widths[0], size=size, batch=batch, flops=None)
    return Result(name=f"vae against {other}", unit="step", images_per_unit=batch, machine=where, comparisons=(row,))


def our_loop(config: VariationalMLPConfig, file: str, batch: int, turn: Turn) -> None:
    """`copyist.train`, for as long as `turn` allows; each of its steps is reported by its observer."""
    recipe = vae(data=file)
    training = replace(recipe.training, steps=_NEVER, batch_size=batch, validate_every=_NEVER, save_every=_NEVER)
    with tempfile.TemporaryDirectory() as folder:
        train(replace(recipe, model=config, training=training), out=Path(folder) / "run", observer=_Watch(turn))


class _Watch(Observer):
    def __init__(self, turn: Turn) -> None:
        self.turn = turn

    def finish_step(self, *, step: int, loss: float | None) -> None:
        self.turn()
