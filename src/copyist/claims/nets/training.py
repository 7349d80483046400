"""The nets of the standard ladder, trained before the claims that share them."""

__all__ = ["LadderNet", "train_ladder"]

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from copyist.checks import check_at_least, check_choice
from copyist.claims.model_folder import ModelFolder
from copyist.claims.nets.ladder import LADDER, Variant, ladder
from copyist.claims.result import SCALES, NetRecord, Scale
from copyist.claims.trial import Trial
from copyist.devices import one_thread
from copyist.jobs import run_jobs
from copyist.outputs import check_folder

SEEDS = (0, 1, 2)
"""Of every net of the ladder."""


@final
@dataclass(frozen=True, kw_only=True)
class LadderNet:
    """A net of the ladder, trained."""

    variant: Variant

    seed: int

    rungs: Sequence[NetRecord]
    """Its snapshots in rising order, and its end."""


def train_ladder(
    variants: Sequence[Variant] = LADDER,
    *,
    scale: Scale,
    models: Path,
    seeds: Sequence[int] = SEEDS,
    jobs: int = 1,
    progress: Callable[[LadderNet, float, int, int], None] | None = None,
) -> list[LadderNet]:
    """Train nets of the ladder that are not trained yet, one thread each; where one was interrupted it goes on.

    The first seed of all variants comes first, so that an interrupted night has something of each.

    Args:
        variants: which.
        scale: smoke, standard or gpu.
        models: the folder in which they are kept, that claims are then given.
        seeds: of each.
        jobs: how many at once.
        progress: called for each net that is done, with the seconds it took now, and how many of how many are.

    Raises:
        UnknownNameError: there is no such variant or scale.
        ArgumentError: `jobs` is below 1, or far more than there are cores.
        JobError: a process has died.
        OutputError: `models` is a file.
        CopyistError: as `train`.
    """
    check_choice("scale", scale, SCALES)
    check_at_least("jobs", jobs, 1)
    check_folder(models, use="trained models")
    for variant in variants:
        check_choice("net of the ladder", variant, LADDER)
    todo = [(variant, seed) for seed in seeds for variant in variants]
    calls = [(variant, seed, scale, models) for variant, seed in todo]
    found: list[LadderNet] = []
    for done, (net, seconds) in enumerate(run_jobs(_train, calls, jobs=jobs), start=1):
        found.append(net)
        if progress is not None:
            progress(net, seconds, done, len(todo))
    return sorted(found, key=lambda net: todo.index((net.variant, net.seed)))


def _train(variant: Variant, seed: int, scale: Scale, models: Path) -> tuple[LadderNet, float]:
    since, trial = time.perf_counter(), Trial(scale=scale, seed=seed, resources=ModelFolder(models))
    with one_thread():
        rungs = [rung.record for rung in trial.rungs(ladder(trial, variant))]
    return LadderNet(variant=variant, seed=seed, rungs=rungs), time.perf_counter() - since
