"""Claims run: every seed apart, in parallel, and every result on disk as soon as it is there."""

__all__ = ["run_claims"]

import math
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import torch
from threadpoolctl import threadpool_limits

from copyist.checks import check_at_least, check_choice
from copyist.claims.measurements import Measurements, Pictures
from copyist.claims.result import Seed, declaration, measured, read_result, seeds_of, write_result
from copyist.claims.trial import SCALES, Experiment, Scale, Trial
from copyist.drawing.grids import rows, write_png
from copyist.errors import ArgumentError, CopyistError, DataError, OutputError, TrainingError
from copyist.evidence import Verdict


def run_claims(
    experiments: Mapping[str, Experiment],
    *,
    scale: Scale,
    out: Path,
    models: Path | None = None,
    jobs: int = 1,
    seeds: Sequence[int] | None = None,
    overwrite: bool = False,
    progress: "Callable[[str, int, float, int, int], None] | None" = None,
) -> dict[str, Verdict]:
    """Measure claims, and write one JSON file for each, with pictures beside it.

    What a folder holds already is not measured again: an interrupted run goes on where it was. Each seed of each claim
    is a job of its own. Jobs run in processes of one thread each, so that the same seed gives the same bits however
    many run at once; under `joblib.parallel_config` they go to another backend, such as Dask or Ray.

    Args:
        experiments: by the claim's name.
        scale: smoke, cpu or gpu.
        out: the folder of the results.
        models: where trained models are kept; None is `out`/models.
        jobs: how many at once.
        seeds: others than the experiments' own.
        overwrite: measure again what is there.
        progress: told of each run that is done: the claim, seed and seconds (not a number where it failed), and
            how many of how many are done.

    Returns:
        The verdict on each claim.

    Raises:
        UnknownNameError: there is no such scale.
        ArgumentError: `jobs` is below 1, or there is no seed.
        TrainingError: a run failed; the others were made and written all the same.
        DataError: a result that is there is half-written, of another version, of another scale, or of a claim that was
            declared otherwise.
        OutputError: the disk is full, or the place cannot be written.
    """
    check_choice("scale", scale, SCALES)
    check_at_least("jobs", jobs, 1)
    if seeds is not None and not seeds:
        raise ArgumentError("claims must be run with at least one seed, got none; leave seeds out for the claims' own")
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out} is a file, and results need a folder; choose another place")
    if models is not None and models.exists() and not models.is_dir():
        raise OutputError(f"{models} is a file, and trained models need a folder; choose another place")
    found = {name: _known(out, name, each, scale, overwrite) for name, each in experiments.items()}
    out.mkdir(parents=True, exist_ok=True)
    pictures = {name: _pictures_of(out, name) if found[name] else {} for name in experiments}
    wanted = {name: tuple(dict.fromkeys(each.seeds if seeds is None else seeds)) for name, each in experiments.items()}
    first = {name: min((*wanted[name], *found[name])) for name in experiments}
    todo = [(name, seed) for name in experiments for seed in wanted[name] if seed not in found[name]]
    verdicts: dict[str, Verdict] = {
        name: _written(out, name, experiments[name], scale, found[name], pictures[name]) for name in found
    }
    folder = out / "models" if models is None else models
    failed: list[_Failure] = []
    for done, run in enumerate(_runs(experiments, todo, scale, folder, jobs), start=1):
        name, seconds = run.name, math.nan
        if isinstance(run, _Failure):
            failed.append(run)
        else:
            seconds = run.found.seconds
            found[name][run.seed] = run.found
            if run.seed == first[name]:
                pictures[name] = {short: _drawn(out, name, short, picture) for short, picture in run.pictures.items()}
            verdicts[name] = _written(out, name, experiments[name], scale, found[name], pictures[name])
        if progress is not None:
            progress(name, run.seed, seconds, done, len(todo))
    _raise(failed, len(todo))
    return verdicts


@dataclass(frozen=True)
class _Success:
    name: str
    seed: int
    found: Seed
    pictures: Mapping[str, Pictures]


@dataclass(frozen=True)
class _Failure:
    name: str
    seed: int
    error: Exception


def _known(out: Path, name: str, experiment: Experiment, scale: Scale, overwrite: bool) -> dict[int, Seed]:
    """The runs that need not be made again."""
    path = out / f"{name}.json"
    if overwrite or not path.exists():
        return {}
    document = read_result(path)
    if document.get("scale") != scale:
        raise DataError(
            f"{path} was measured at scale {document.get('scale')}, and {scale} was asked for; choose another folder "
            "with --out"
        )
    if document.get("package") != version("copyist"):
        raise DataError(
            f"{path} was measured by copyist {document.get('package')}, and this is {version('copyist')}; choose "
            "another folder with --out, or add --force to measure it again"
        )
    if document["claim"].get("digest") != declaration(name, experiment.claim)["digest"]:
        raise DataError(f"{path} is about a claim that was declared otherwise; add --force to measure it again")
    return seeds_of(document)


def _pictures_of(out: Path, name: str) -> dict[str, dict[str, str]]:
    listed = read_result(out / f"{name}.json").get("pictures", [])
    return {each["name"]: {"file": each["file"], "caption": each["caption"]} for each in listed}


def _runs(
    experiments: Mapping[str, Experiment], todo: Sequence[tuple[str, int]], scale: Scale, models: Path, jobs: int
) -> "Iterator[_Success | _Failure]":
    from joblib import Parallel, delayed
    from joblib.parallel import get_active_backend

    trials = [(name, experiments[name], Trial(scale=scale, seed=seed, models=models)) for name, seed in todo]
    if jobs == 1:
        yield from (_run(*trial) for trial in trials)
    elif cast("Any", get_active_backend()[0]).supports_return_generator:
        parallel = Parallel(n_jobs=jobs, return_as="generator_unordered", pre_dispatch="n_jobs")
        yield from cast("Iterator[_Success | _Failure]", parallel(delayed(_run)(*trial) for trial in trials))
    else:
        # Some backends hand results over only when all of them are there.
        for start in range(0, len(trials), jobs):
            together = Parallel(n_jobs=jobs)(delayed(_run)(*trial) for trial in trials[start : start + jobs])
            yield from cast("list[_Success | _Failure]", together)


def _run(name: str, experiment: Experiment, trial: Trial) -> "_Success | _Failure":
    """Measure once, in one thread; what fails is told and not raised, so that one claim does not end the others."""
    threads, since = torch.get_num_threads(), time.perf_counter()
    torch.set_num_threads(1)
    try:
        # NumPy has threads of its own, and their number changes the order of its sums.
        with threadpool_limits(limits=1):
            found = experiment.run(trial)
        _check_complete(name, experiment, found)
    except Exception as error:
        error.add_note(traceback.format_exc())
        return _Failure(name, trial.seed, error)
    finally:
        torch.set_num_threads(threads)
    seconds = time.perf_counter() - since
    seed = measured(found, recipes=trial.recipes, seconds=seconds, device=trial.device.type)
    return _Success(name, trial.seed, seed, found.pictures)


def _raise(failed: Sequence[_Failure], count: int) -> None:
    """Raise what is a bug as it is, and say of all else how much it was."""
    for failure in failed:
        if not isinstance(failure.error, CopyistError):
            raise failure.error
    if failed:
        first = min(failed, key=lambda failure: (failure.name, failure.seed))
        raise TrainingError(
            f"{len(failed)} of {count} runs failed, and what the others found is kept; the first of them, {first.name} "
            f"with seed {first.seed}: {first.error}"
        ) from first.error


def _check_complete(name: str, experiment: Experiment, found: Measurements) -> None:
    claim = experiment.claim
    wanted = {part.name for part in claim.parts if not part.waits_for} | {control.name for control in claim.controls}
    if set(found.values) != wanted:
        odd = ", ".join(sorted(wanted ^ set(found.values)))
        raise ArgumentError(f"{name} must measure each of its parts and controls, and nothing else; see {odd}")


def _drawn(out: Path, name: str, short: str, pictures: Pictures) -> dict[str, str]:
    file = f"{name}-{short}.png"
    write_png(out / file, rows({label: images.float().cpu() for label, images in pictures.rows.items()}))
    return {"file": file, "caption": pictures.caption}


def _written(
    out: Path,
    name: str,
    experiment: Experiment,
    scale: Scale,
    found: Mapping[int, Seed],
    pictures: Mapping[str, Mapping[str, str]],
) -> Verdict:
    if not found and any(not part.waits_for for part in experiment.claim.parts):
        return "inconclusive"
    path = out / f"{name}.json"
    if path.is_dir():
        raise OutputError(f"{path} is a folder; choose another place")
    return write_result(path, name, experiment.claim, scale=scale, seeds=found, pictures=pictures)
