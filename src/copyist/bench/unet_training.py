"""A step of training a U-Net: our loop against a textbook's."""

__all__ = ["NEVER", "TurnObserver", "bench_recipe", "bench_train", "our_steps"]

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import torch

from copyist.bench import reference
from copyist.bench.measure import Turn, check_batch, compare, count_flops, machine, race
from copyist.bench.timings import BenchResult, Comparison
from copyist.data import Splits
from copyist.devices import Precision
from copyist.models.unet import UNetConfig
from copyist.objectives import Copying
from copyist.training import Observer, Optimization, Recipe, Training, train

_STEPS_PER_TURN = 10
"""The loop looks at its losses every 10 steps: each turn pays for one look."""

NEVER = 10**7
"""More steps than any benchmark takes."""


def bench_train(
    *,
    widths: Sequence[int] = (16, 32),
    size: int = 64,
    batch: int = 32,
    rounds: int = 20,
    levels: int = 4,
    num_images: int = 512,
    say: Callable[[str], None] = lambda sentence: None,
) -> BenchResult:
    """Time our training loop and the textbook's by turns, each in its own process.

    Args:
        widths: base widths of the U-Net, one comparison each.
        size: side of an image.
        batch: images per step.
        rounds: turns of each; one is 10 steps.
        levels: of the U-Net.
        num_images: scenes that are trained on; the reference reads them as PNG files.
        say: takes one sentence a round.

    Raises:
        ArgumentError: a batch does not fit into memory.
    """
    check_batch(batch, size=size)
    source = f"scenes?size={size}&limit={num_images}"
    configs = [UNetConfig(channels=3, width=width, levels=levels) for width in widths]
    where = machine()
    with tempfile.TemporaryDirectory() as folder:
        reference.write_pngs(source, Path(folder))
        rows = tuple(_compare(config, source, folder, size, batch, rounds, say) for config in configs)
    return BenchResult(name="train", unit="step", images_per_unit=batch, machine=where, comparisons=rows)


def our_steps(
    config: UNetConfig, source: str | Splits, batch: int, turn: Turn, *, precision: Precision = "auto"
) -> None:
    """`copyist.train`, for as long as `turn` allows; each of its steps is reported by its observer."""
    training = bench_recipe(config, "", batch, NEVER, precision)
    with tempfile.TemporaryDirectory() as folder:
        train(training, data=source, out=Path(folder) / "run", observer=TurnObserver(turn))


class TurnObserver(Observer):
    """Takes a turn after each step of a training."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn

    def finish_step(self, *, step: int, loss: float | None) -> None:
        self.turn()


def _compare(
    config: UNetConfig, source: str, folder: str, size: int, batch: int, rounds: int, say: Callable[[str], None]
) -> Comparison:
    say(f"width {config.width}: warming up")
    model = reference.textbook_copy(config)
    flops = count_flops(model, torch.rand(batch, 3, size, size), backward=True)
    ours, plain = partial(our_steps, config, source, batch), partial(reference.train_loop, config, folder, batch)
    times = race(ours, plain, steps=_STEPS_PER_TURN, rounds=rounds, say=say)
    return compare(times, width=config.width, size=size, batch=batch, flops=flops)


def bench_recipe(config: UNetConfig, source: str, batch: int, steps: int, precision: Precision) -> Recipe:
    """Copying by a U-Net, as benchmarks train it."""
    training = Training(
        steps=steps,
        batch_size=batch,
        flip=False,
        precision=precision,
        validate_every=steps,
        save_every=steps,
        optimization=Optimization(learning_rate=1e-3),
    )
    return Recipe(name="bench", data=source, model=config, objective=Copying(), training=training)
