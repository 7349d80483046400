"""Sampling from noise, ours against a textbook's loop."""

__all__ = ["bench_sample", "our_loop"]

import contextlib
from collections.abc import Callable, Sequence

import torch

from copyist.bench import reference
from copyist.bench.measure import Contender, Turn, alternate, compared, count_flops, machine
from copyist.bench.results import Comparison, Result
from copyist.models.unet import UNetConfig
from copyist.procedures.no_diffusion import NoDiffusion
from copyist.procedures.sampling import sample


def bench_sample(
    *,
    widths: Sequence[int] = (16, 32),
    size: int = 64,
    batch: int = 32,
    rounds: int = 20,
    levels: int = 4,
    steps: int = 10,
    say: Callable[[str], None] = lambda sentence: None,
) -> Result:
    """Time our `sample` and the textbook's by turns, each in its own process.

    Args:
        widths: base widths of the U-Net, one comparison each.
        size: side of an image.
        batch: images at once.
        rounds: turns of each.
        levels: of the U-Net.
        steps: how many times images are copied in one call.
        say: is told how it goes.
    """

    def compare(width: int) -> Comparison:
        say(f"width {width}: warming up")
        config = UNetConfig(channels=3, width=width, levels=levels)
        x = torch.rand(batch, 3, size, size)
        flops = steps * count_flops(reference.textbook_copy(config), x, backward=False)
        with (
            contextlib.closing(Contender(our_loop, config, size, batch, steps, steps=1)) as ours,
            contextlib.closing(Contender(reference.sample_loop, config, size, batch, steps, steps=1)) as plain,
        ):
            times = alternate(ours, plain, rounds=rounds, say=say)
        return compared(times, width=width, size=size, batch=batch, flops=flops)

    where = machine()
    rows = tuple(compare(width) for width in widths)
    return Result(name="sample", unit="call", images_per_unit=batch, machine=where, comparisons=rows)


def our_loop(config: UNetConfig, size: int, count: int, steps: int, turn: Turn) -> None:
    """`copyist.sample`, for as long as `turn` allows."""
    model = config.build().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    while True:
        sample(
            model,
            count=count,
            method=NoDiffusion(steps=steps),
            shape=(config.channels or 3, size, size),
            batch_size=count,
        )
        turn()
