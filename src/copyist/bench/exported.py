"""Copies by an exported file in ONNX Runtime, against the same model in PyTorch as it is."""

__all__ = ["bench_export", "eager_copies", "onnx_copies"]

from collections.abc import Callable, Sequence
from functools import partial

import torch

from copyist.bench.measure import Turn, check_batch, compare, count_flops, machine, race
from copyist.bench.timings import BenchResult, Comparison
from copyist.export.onnx_file import check_runtime, onnx_bytes, onnx_runner
from copyist.export.parts import find_part
from copyist.export.tracing import trace
from copyist.models.unet import UNetConfig


def bench_export(
    *,
    widths: Sequence[int] = (16, 32),
    size: int = 64,
    batch: int = 32,
    rounds: int = 20,
    levels: int = 4,
    say: Callable[[str], None] = lambda sentence: None,
) -> BenchResult:
    """Time copies of a batch by the exported file and by the model itself, by turns, each in its own process.

    Both compute in float32, with as many threads. The file is exported before the time begins.

    Args:
        widths: base widths of the U-Net, one comparison each.
        size: side of an image.
        batch: images at once.
        rounds: turns of each, of five batches.
        levels: of the U-Net.
        say: takes one sentence a round.

    Raises:
        MissingExtraError: ONNX Runtime, or what writes its files, is not installed.
    """
    check_batch(batch, size=size)
    check_runtime()

    def compare_at(width: int) -> Comparison:
        say(f"width {width}: exporting")
        config = UNetConfig(channels=3, width=width, levels=levels)
        flops = count_flops(config.build().eval(), torch.rand(batch, 3, size, size), backward=False)
        loops = (partial(loop, config, size, batch) for loop in (onnx_copies, eager_copies))
        return compare(race(*loops, steps=5, rounds=rounds, say=say), width=width, size=size, batch=batch, flops=flops)

    return BenchResult(
        name="export",
        unit="batch",
        images_per_unit=batch,
        machine=machine(),
        comparisons=tuple(compare_at(width) for width in widths),
    )


def onnx_copies(config: UNetConfig, size: int, count: int, turn: Turn) -> None:
    """Copies by ONNX Runtime, for as long as `turn` allows."""
    part = find_part(config.build(), size=(size, size))
    run = onnx_runner(onnx_bytes(part, trace(part), {}))
    x = (torch.rand(count, 3, size, size),)
    while True:
        run(x)
        turn()


def eager_copies(config: UNetConfig, size: int, count: int, turn: Turn) -> None:
    """Copies by the model as it is built, for as long as `turn` allows."""
    model, x = config.build().eval(), torch.rand(count, 3, size, size)
    with torch.inference_mode():
        while True:
            model(x)
            turn()
