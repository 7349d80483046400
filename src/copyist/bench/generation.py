"""Sampling from noise and walking, ours against a textbook's loops."""

__all__ = ["bench_generation", "our_samples", "our_walks"]

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

import torch

from copyist.bench import reference
from copyist.bench.measure import Turn, check_batch, compare, count_flops, machine, race
from copyist.bench.timings import BenchResult, Comparison
from copyist.models.unet import UNetConfig
from copyist.procedures.no_diffusion import NoDiffusion
from copyist.procedures.sampling import sample
from copyist.procedures.walk import walk


def bench_generation(
    verb: Literal["sample", "walk"],
    *,
    widths: Sequence[int] = (16, 32),
    size: int = 64,
    batch: int = 32,
    rounds: int = 20,
    levels: int = 4,
    steps: int = 10,
    say: Callable[[str], None] = lambda sentence: None,
) -> BenchResult:
    """Time our `sample` or `walk` and the textbook's by turns, each in its own process.

    Args:
        verb: which of them.
        widths: base widths of the U-Net, one comparison each.
        size: side of an image.
        batch: images at once.
        rounds: turns of each.
        levels: of the U-Net.
        steps: how many times images are copied in one call.
        say: takes one sentence a round.
    """
    check_batch(batch, size=size)
    loops = {"sample": (our_samples, reference.sample_loop), "walk": (our_walks, reference.walk_loop)}[verb]

    def compare_at(width: int) -> Comparison:
        say(f"width {width}: warming up")
        config = UNetConfig(channels=3, width=width, levels=levels)
        x = torch.rand(batch, 3, size, size)
        flops = steps * count_flops(reference.textbook_copy(config), x, backward=False)
        ours, plain = (partial(loop, config, size, batch, steps) for loop in loops)
        times = race(ours, plain, steps=1, rounds=rounds, say=say)
        return compare(times, width=width, size=size, batch=batch, flops=flops)

    return BenchResult(
        name=verb,
        unit="call",
        images_per_unit=batch if verb == "sample" else batch * steps,
        machine=machine(),
        comparisons=tuple(compare_at(width) for width in widths),
    )


def our_samples(config: UNetConfig, size: int, count: int, steps: int, turn: Turn) -> None:
    """`copyist.sample`, for as long as `turn` allows."""
    model = config.build().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    method, shape = NoDiffusion(steps=steps), (config.channels or 3, size, size)
    while True:
        sample(model, count=count, method=method, shape=shape, batch_size=count)
        turn()


def our_walks(config: UNetConfig, size: int, count: int, steps: int, turn: Turn) -> None:
    """`copyist.walk`, for as long as `turn` allows."""
    model = config.build().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    x = torch.rand(count, config.channels or 3, size, size)
    while True:
        walk(model, x, steps=steps, batch_size=count)
        turn()
