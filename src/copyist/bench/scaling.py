"""A step of training that several processes share, against one process with the whole batch."""

__all__ = ["bench_scaling"]

import csv
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from copyist.bench.measure import check_batch, compare, count_flops, machine
from copyist.bench.timings import BenchResult
from copyist.errors import ArgumentError, TrainingError
from copyist.models.unet import UNetConfig

_STEPS, _FIRST, _LAST = 60, 20, 50
"""Steps of a run, and those between which it is timed: after it has warmed up, and before it is validated."""


def bench_scaling(
    *,
    processes: int = 2,
    width: int = 16,
    size: int = 64,
    batch: int = 32,
    rounds: int = 3,
    levels: int = 4,
    statistics: str = "synchronized",
    say: Callable[[str], None] = lambda sentence: None,
) -> BenchResult:
    """Time a step of `copyist train` with one process, and with several that share the same batch, by turns.

    Each process has one thread, so that the ratio is what processes add, and not what threads do: at best it is their
    number. Every run is a command of its own.

    Args:
        processes: that share a batch.
        width: base width of the U-Net.
        size: side of an image.
        batch: images per step, of all processes together.
        rounds: runs of each.
        levels: of the U-Net.
        statistics: whether processes normalize by the whole batch, `synchronized`, or by their parts, `per-device`.
        say: takes one sentence a round.

    Raises:
        ArgumentError: a batch does not fit into memory, or is not divided evenly among the processes.
        TrainingError: a run failed.
    """
    import torch

    check_batch(batch, size=size)
    if batch % processes:
        raise ArgumentError(
            f"--batch must be a multiple of --processes, got {batch} and {processes}; take "
            f"{processes * max(1, batch // processes)}"
        )
    config = UNetConfig(channels=3, width=width, levels=levels)
    flops = count_flops(config.build(), torch.rand(batch, 3, size, size), backward=True)
    settings = {"model.width": width, "model.levels": levels, "training.batch_size": batch, "precision": "float32"}
    settings |= {"validate_every": _STEPS, "save_every": _STEPS, "batch_statistics": statistics}
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for index in (0, 1) if number % 2 == 0 else (1, 0):
            times[index].append(_step_seconds(settings, processes=(processes, 1)[index], size=size))
        say(f"round {number + 1} of {rounds}: {times[1][-1] / times[0][-1]:.2f} times one process")
    row = compare(times, width=width, size=size, batch=batch, flops=flops)
    name = f"scaling, {processes} processes of one thread against one, {statistics} statistics"
    return BenchResult(name=name, unit="step", images_per_unit=batch, machine=machine(), comparisons=(row,))


def _step_seconds(settings: Mapping[str, object], *, processes: int, size: int) -> float:
    """Of one run."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        line = ["train", "unet", "--data", f"scenes?size={size}&limit=256", "--steps", str(_STEPS), "--out", str(out)]
        line += [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
        line += ["--devices", str(processes)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "copyist", *line]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
        if done.returncode:
            raise TrainingError(f"a run of {processes} processes failed: {done.stderr.splitlines()[-1]}")
        with (out / "history.csv").open(newline="") as file:
            seconds = {int(row["step"]): float(row["seconds"]) for row in csv.DictReader(file)}
    return (seconds[_LAST] - seconds[_FIRST]) / (_LAST - _FIRST)
