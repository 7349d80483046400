"""What is learned in equal steps: in the precision that `auto` takes, and in float32 with another rounding."""

__all__ = ["LossBench", "LossTrial", "bench_losses"]

import math
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from copyist.bench.measure import check_batch, machine
from copyist.bench.timings import JsonResult, Machine
from copyist.bench.unet_training import bench_recipe
from copyist.drawing.text import text_table
from copyist.drawing.wording import counted
from copyist.errors import ArgumentError
from copyist.evidence import Interval, student_interval
from copyist.models.unet import UNetConfig
from copyist.training import Recipe, train


@final
@dataclass(frozen=True, kw_only=True)
class LossTrial:
    """Held-out losses of three runs that differ in their arithmetic alone: one seed, one order."""

    seed: int

    ours: float
    """In the precision that `auto` takes."""

    float32: float

    control: float
    """In float32 with images laid out channel by channel: the same sums, rounded otherwise."""


@final
@dataclass(frozen=True, kw_only=True)
class LossBench(JsonResult):
    """All trials of one net."""

    width: int
    size: int
    steps: int

    batch: int = 32
    """Images per step."""

    levels: int = 4
    num_images: int = 512
    """Scenes that were trained on."""

    machine: Machine
    """Where the last of them was made."""

    trials: tuple[LossTrial, ...]

    @property
    def ratio(self) -> Interval:
        """Of `auto` over float32: the geometric mean over seeds, and Student's 95 % interval."""
        return student_interval([each.ours / each.float32 for each in self.trials], scale="log")

    @property
    def control(self) -> Interval:
        """The same of float32 over float32 with another rounding, which is worth nothing: how far chance goes."""
        return student_interval([each.control / each.float32 for each in self.trials], scale="log")

    def __str__(self) -> str:
        rows = [["seed", "auto", "float32", "other rounding", "auto / float32", "other / float32"]]
        for each in self.trials:
            losses = (each.ours, each.float32, each.control, each.ours / each.float32, each.control / each.float32)
            rows.append([str(each.seed), *(f"{value:.4g}" for value in losses)])
        head = (
            f"Held-out losses after {counted(self.steps, 'step')} of {counted(self.batch, 'image')}, "
            f"of a U-Net of width {self.width} on scenes of {self.size}: {self.machine}"
        )
        told = (
            f"{name}: {found.mean:.3f} [{found.low:.3f}, {found.high:.3f}], standard deviation of the logarithm "
            f"{_deviation(ratios):.3f}"
            for name, found, ratios in (
                ("auto over float32", self.ratio, [each.ours / each.float32 for each in self.trials]),
                ("other rounding over float32", self.control, [each.control / each.float32 for each in self.trials]),
            )
        )
        return "\n".join([head, text_table(rows, sides=("right",)), *told])


def bench_losses(
    *,
    width: int = 16,
    size: int = 64,
    batch: int = 32,
    levels: int = 4,
    num_images: int = 512,
    steps: int = 300,
    seeds: Sequence[int] = (*range(8),),
    begun: LossBench | None = None,
    found: Callable[[LossBench], None] = lambda result: None,
    say: Callable[[str], None] = lambda sentence: None,
) -> LossBench:
    """Train a U-Net to copy scenes three times for each seed, and compare what is learned.

    Training is chaotic, so that two roundings of float32 part like any two runs. Bf16 is as good where its ratios to
    float32 lie as those of the control do.

    Args:
        width: of the U-Net.
        size: side of an image.
        batch: images per step.
        levels: of the U-Net.
        num_images: scenes that are trained on.
        steps: of each run.
        seeds: of weights and order.
        begun: trials that need not be made again.
        found: is given what there is after each seed.
        say: takes one sentence a seed.

    Raises:
        ArgumentError: what was begun is of another net, of other images, or of another number of steps; or a batch does
            not fit into memory.
    """
    check_batch(batch, size=size)
    told = {"width": width, "size": size, "steps": steps, "batch": batch, "levels": levels, "num_images": num_images}
    other = [name for name, value in told.items() if begun is not None and getattr(begun, name) != value]
    if other:
        name = other[0]
        raise ArgumentError(
            f"what is gone on with must be of {name} {told[name]}, got {getattr(begun, name)}; begin anew (--force)"
        )
    config = UNetConfig(channels=3, width=width, levels=levels)
    source, where = f"scenes?size={size}&limit={num_images}", machine()
    ours, plain = (bench_recipe(config, source, batch, steps, precision) for precision in ("auto", "float32"))
    control = replace(plain, training=replace(plain.training, channels_last=False))
    trials = [] if begun is None else [*begun.trials]
    known = {each.seed for each in trials}

    def result() -> LossBench:
        return LossBench(
            width=width,
            size=size,
            steps=steps,
            batch=batch,
            levels=levels,
            num_images=num_images,
            machine=where,
            trials=tuple(trials),
        )

    for seed in dict.fromkeys(seeds):
        if seed in known:
            continue
        losses = [_held_out_loss(recipe, seed) for recipe in (ours, plain, control)]
        trials.append(LossTrial(seed=seed, ours=losses[0], float32=losses[1], control=losses[2]))
        say("seed {}: held-out loss {:.6f}, in float32 {:.6f}, with another rounding {:.6f}".format(seed, *losses))
        found(result())
    return result()


def _held_out_loss(recipe: Recipe, seed: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        last = train(recipe, out=Path(folder) / "run", seed=seed).history()[-1]
    return math.nan if last.validation_loss is None else last.validation_loss


def _deviation(ratios: Sequence[float]) -> float:
    """Of the ratios' logarithms, which is no number from one."""
    return statistics.stdev(map(math.log, ratios)) if len(ratios) > 1 else math.nan
