"""What share of the machine's limits a step of training reaches, and what the rest is made of."""

__all__ = ["bench_roofline"]

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from copyist.bench import reference
from copyist.bench.machine_limits import Limits, measure_limits
from copyist.bench.measure import Loop, Times, check_batch, machine, race
from copyist.bench.roofline_result import RooflineBench, RooflineRow, step_roofline
from copyist.bench.step_profile import Observed, observe_steps
from copyist.bench.timings import Quartiles
from copyist.bench.unet_training import our_steps
from copyist.devices import Precision
from copyist.models.unet import UNetConfig

_STEPS = 10
"""Of a turn, and of what is counted and profiled: one in ten looks at the losses."""


def bench_roofline(
    *,
    widths: Sequence[int] = (16, 32),
    size: int = 64,
    batch: int = 32,
    rounds: int = 5,
    precision: Precision = "auto",
    levels: int = 4,
    num_images: int = 512,
    say: Callable[[str], None] = lambda sentence: None,
) -> RooflineBench:
    """Hold a step of training on a CPU, ours and the textbook's, against what the machine computes and moves at most.

    The bound of an operation is the longer of flops / peak and bytes / bandwidth, that of a step their sum:

        Σ max(flops / peak, bytes / bandwidth)

    Peak and bandwidth are measured before and after the steps are timed; the larger counts.

    Args:
        widths: base widths of the U-Net, one row each.
        size: side of an image.
        batch: images per step.
        rounds: turns that a step of each is timed for; one is 10 steps.
        precision: of ours.
        levels: of the U-Net.
        num_images: scenes that are trained on; the reference reads them as PNG files.
        say: takes one sentence at a time.

    Raises:
        ArgumentError: a batch does not fit into memory.

    Source:
        Williams, Waterman & Patterson (2009), "Roofline: An Insightful Visual Performance Model".
    """
    check_batch(batch, size=size)
    source = f"scenes?size={size}&limit={num_images}"
    where, limits = machine(), None
    found: list[tuple[int, tuple[Observed, Observed], Times]] = []
    with tempfile.TemporaryDirectory() as folder:
        reference.write_pngs(source, Path(folder))
        for width in widths:
            config = UNetConfig(channels=3, width=width, levels=levels)
            ours: Loop = partial(our_steps, config, source, batch, precision=precision)
            theirs: Loop = partial(reference.train_loop, config, folder, batch)
            say(f"width {width}: counting and profiling")
            observed = (observe_steps(ours, steps=_STEPS), observe_steps(theirs, steps=_STEPS))
            measure = partial(measure_limits, _dtypes(observed), _convolutions(config, size, batch))
            limits = measure().joined(limits)
            times = race(ours, theirs, steps=_STEPS, rounds=rounds, say=say)
            limits = measure().joined(limits)
            found.append((width, observed, times))
    assert limits is not None
    rows = tuple(_row(width, observed, times, limits) for width, observed, times in found)
    return RooflineBench(
        size=size, batch=batch, rounds=rounds, precision=precision, machine=where, limits=limits, rows=rows
    )


def _row(width: int, observed: tuple[Observed, Observed], times: Times, limits: Limits) -> RooflineRow:
    ours, theirs = (
        step_roofline(each, Quartiles.of(seconds), limits) for each, seconds in zip(observed, times, strict=True)
    )
    return RooflineRow(width=width, ours=ours, reference=theirs)


def _dtypes(observed: Sequence[Observed]) -> list[str]:
    """Of products and convolutions."""
    found = {each.work.dtype for one in observed for each in one.operations if each.work.flops}
    return sorted(dtype for dtype in found if dtype is not None)


def _convolutions(config: UNetConfig, size: int, batch: int) -> list[tuple[int, int, int, int]]:
    """(B, C, H, W) of the maps of each level."""
    return [(batch, maps, size >> level, size >> level) for level, maps in enumerate(config.widths)]
