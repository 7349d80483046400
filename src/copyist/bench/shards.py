"""A step of training on shards, against the same images in memory."""

__all__ = ["bench_shards"]

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from copyist.bench.measure import check_batch, compare, count_flops, machine, race
from copyist.bench.timings import BenchResult
from copyist.bench.unet_training import our_steps
from copyist.data import pack_source
from copyist.models.unet import UNetConfig

_STEPS_PER_TURN = 10


def bench_shards(
    *,
    width: int = 16,
    size: int = 64,
    batch: int = 32,
    rounds: int = 10,
    levels: int = 4,
    num_images: int = 2000,
    encoding: str = "png",
    say: Callable[[str], None] = lambda sentence: None,
) -> BenchResult:
    """Time our training loop on shards and on the same images in memory by turns, each in its own process.

    Args:
        width: base width of the U-Net.
        size: side of an image.
        batch: images per step.
        rounds: turns of each; one is 10 steps.
        levels: of the U-Net.
        num_images: scenes that are trained on.
        encoding: of images in the shards.
        say: takes one sentence a round.

    Raises:
        ArgumentError: a batch does not fit into memory.
    """
    check_batch(batch, size=size)
    source, config = f"scenes?size={size}&limit={num_images}", UNetConfig(channels=3, width=width, levels=levels)
    flops = count_flops(config.build(), torch.rand(batch, 3, size, size), backward=True)
    where = machine()
    with tempfile.TemporaryDirectory() as folder:
        shards = str(pack_source(source, Path(folder) / "shards", encoding=encoding).folder)
        loops = (partial(our_steps, config, text, batch) for text in (shards, source))
        times = race(*loops, steps=_STEPS_PER_TURN, rounds=rounds, say=say)
    row = compare(times, width=width, size=size, batch=batch, flops=flops)
    name = f"shards of {encoding} against memory"
    return BenchResult(name=name, unit="step", images_per_unit=batch, machine=where, comparisons=(row,))
