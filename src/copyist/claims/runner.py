"""Claims run: every seed apart, in parallel, and every result on disk as soon as it is there."""

__all__ = ["run_claims"]

import platform
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import torch

from copyist.checks import check_at_least, check_choice
from copyist.claims.declaration import Declaration
from copyist.claims.judging import judge
from copyist.claims.model_folder import ModelFolder
from copyist.claims.pictures import draw_pictures
from copyist.claims.result import SCALES, ClaimResult, Curves, Scale, SeedResult, measured_name
from copyist.claims.result_file import read_result, write_result
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.devices import one_thread, resolve
from copyist.errors import (
    ArgumentError,
    CopyistError,
    DataError,
    InterruptionError,
    OutputError,
    RegimeError,
    TrainingError,
)
from copyist.jobs import run_jobs
from copyist.outputs import check_folder


def run_claims(
    experiments: Mapping[str, Experiment],
    *,
    scale: Scale,
    out: Path,
    models: Path | None = None,
    jobs: int = 1,
    seeds: Sequence[int] | None = None,
    overwrite: bool = False,
    progress: "Callable[[str, int, float | Exception, int, int], None] | None" = None,
) -> dict[str, ClaimResult]:
    """Measure claims, and write one JSON file for each, with pictures beside it.

    What a folder holds already is not measured again: an interrupted run goes on where it was. Each seed of each claim
    is a job of its own. Jobs run in processes of one thread each, so that the same seed gives the same bits however
    many run at once; under `joblib.parallel_config` they go to another backend, such as Dask or Ray.

    Args:
        experiments: by the claim's name.
        scale: smoke, standard or gpu.
        out: the folder of the results.
        models: where trained models are kept; None is `out`/models.
        jobs: how many at once.
        seeds: others than the experiments' own.
        overwrite: measure again what is there.
        progress: called for each run that is done: the claim, seed and seconds, or the error where it failed, and how
            many of how many are done.

    Returns:
        The result of each claim, as it was written.

    Raises:
        UnknownNameError: there is no such scale.
        ArgumentError: `jobs` is below 1, or there is no seed.
        TrainingError: a run failed; the others were made and written all the same.
        InterruptionError: a signal ended the training of a net; no further run is begun, and what was written before
            is kept.
        JobError: a process has died.
        DataError: a result that is there is half-written, of another version, of another scale, or of a claim that was
            declared otherwise.
        OutputError: the disk is full, or the place cannot be written.
    """
    check_choice("scale", scale, SCALES)
    check_at_least("jobs", jobs, 1)
    if seeds is not None and not seeds:
        raise ArgumentError("claims must be run with at least one seed, got none; leave seeds out for the claims' own")
    folder = ModelFolder(out / "models" if models is None else models)
    check_folder(out, use="results")
    check_folder(folder.path, use="trained models")
    results = {name: _begin(out, name, each, scale, overwrite) for name, each in experiments.items()}
    out.mkdir(parents=True, exist_ok=True)
    wanted = {name: tuple(dict.fromkeys(each.seeds if seeds is None else seeds)) for name, each in experiments.items()}
    first = {name: min((*wanted[name], *results[name].seeds)) for name in experiments}
    todo = [(name, seed) for name in experiments for seed in wanted[name] if seed not in results[name].seeds]
    for result in results.values():
        _write(out, result)
    failed: list[_Failure] = []
    for done, run in enumerate(_runs(experiments, todo, scale, folder, jobs), start=1):
        outcome: float | Exception
        if isinstance(run, _Failure):
            failed.append(run)
            outcome = run.error
        else:
            outcome, before = run.found.seconds, results[run.name]
            pictures = before.pictures
            if run.seed == first[run.name]:
                pictures = draw_pictures(out, run.name, run.pictures)
            found = {**before.seeds, run.seed: run.found}
            results[run.name] = judge(before.claim, scale=scale, seeds=found, pictures=pictures)
            _write(out, results[run.name])
        if progress is not None:
            progress(run.name, run.seed, outcome, done, len(todo))
    _raise(failed, len(todo))
    return results


@dataclass(frozen=True)
class _Success:
    name: str
    seed: int
    found: SeedResult
    pictures: Mapping[str, Pictures]


@dataclass(frozen=True)
class _Failure:
    name: str
    seed: int
    error: Exception


def _begin(out: Path, name: str, experiment: Experiment, scale: Scale, overwrite: bool) -> ClaimResult:
    """The result before this run: what follows from the seeds that need not be measured again."""
    path, claim = out / f"{name}.json", Declaration.of(name, experiment.claim)
    if overwrite or not path.exists():
        return judge(claim, scale=scale, seeds={}, pictures=())
    found = read_result(path)
    if found.scale != scale:
        raise DataError(
            f"{path} was measured at scale {found.scale}, and {scale} was asked for; choose another folder with --out"
        )
    if found.package != version("copyist"):
        raise DataError(
            f"{path} was measured by copyist {found.package}, and this is {version('copyist')}; "
            "choose another folder with --out, or add --force to measure it again"
        )
    if found.claim.digest != claim.digest:
        raise DataError(f"{path} is about a claim that was declared otherwise; add --force to measure it again")
    return judge(claim, scale=scale, seeds=found.seeds, pictures=found.pictures)


def _runs(
    experiments: Mapping[str, Experiment], todo: Sequence[tuple[str, int]], scale: Scale, models: ModelFolder, jobs: int
) -> "Iterator[_Success | _Failure]":
    trials = [(name, experiments[name], Trial(scale=scale, seed=seed, resources=models)) for name, seed in todo]
    return run_jobs(_run, trials, jobs=jobs)


def _run(name: str, experiment: Experiment, trial: Trial) -> "_Success | _Failure":
    """Measure once, in one thread; a failure is reported and not raised, so that one claim does not end the others."""
    since, missed = time.perf_counter(), ""
    try:
        with one_thread():
            found = experiment.run(trial)
        _check_complete(name, experiment, found, trial)
    except RegimeError as error:
        found, missed = Measurements(values={}), str(error)
    except InterruptionError:
        raise
    except Exception as error:
        error.add_note(traceback.format_exc())
        return _Failure(name, trial.seed, error)
    seconds = time.perf_counter() - since
    return _Success(name, trial.seed, _seed_result(found, trial, seconds, missed=missed), found.pictures)


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


def _check_complete(name: str, experiment: Experiment, found: Measurements, trial: Trial) -> None:
    """Refuse measurements of other names than are declared, or by other instruments, or by one that was not checked."""
    wanted = set(experiment.names)
    if set(found.values) != wanted:
        odd = ", ".join(sorted(wanted ^ set(found.values)))
        raise ArgumentError(f"{name} must measure each of its parts and controls, and nothing else; see {odd}")
    for part in experiment.claim.parts:
        value = found.values.get(part.name, {})
        by = set(value) if isinstance(value, Mapping) else set[str]()
        missing = by ^ set(part.instruments) if not part.waits_for else set[str]()
        missing |= {each for each in part.instruments if each not in trial.instruments and not part.waits_for}
        if missing:
            raise ArgumentError(
                f"{name} must measure {part.name} by each of its instruments, checked in the same run, and by nothing "
                f"else; see {', '.join(sorted(missing))}"
            )


def _seed_result(found: Measurements, trial: Trial, seconds: float, *, missed: str) -> SeedResult:
    """A run as it is kept: plain numbers, with how they were found."""
    device = trial.device.type
    return SeedResult(
        values=_flat(found.values),
        nets=sorted(trial.nets.values(), key=lambda net: not net.judged),
        instruments=trial.instruments,
        missed=missed,
        curves={name: _plain(curves) for name, curves in found.curves.items()},
        recipes=trial.recipes,
        seconds=round(seconds, 1),
        device=device,
        machine=_machine(device),
    )


def _flat(values: "Mapping[str, float | Mapping[str, float]]") -> dict[str, float]:
    """One number under each name: of a part with instruments, under the part's and the instrument's."""
    flat: dict[str, float] = {}
    for name, value in values.items():
        each = value if isinstance(value, Mapping) else {"": value}
        flat |= {measured_name(name, by): float(number) for by, number in each.items()}
    return flat


def _plain(curves: Curves) -> Curves:
    """Plain numbers; of a line, the six digits that a figure can show at most."""
    lines = {name: [float(f"{value:.6g}") for value in line] for name, line in curves.lines.items()}
    return replace(curves, x=[float(value) for value in curves.x], lines=lines)


def _machine(device: str) -> str:
    chip = torch.cuda.get_device_name() if device == "cuda" else torch.backends.cpu.get_cpu_capability()
    trained_in = resolve("auto", torch.device(device))
    return (
        f"{platform.system()} {platform.machine()}, {chip}, trained in {trained_in}, "
        f"Python {platform.python_version()}, PyTorch {torch.__version__}"
    )


def _write(out: Path, result: ClaimResult) -> None:
    """Write a result, unless no seed was run of a claim that can be measured."""
    if not result.seeds and any(not part.waits_for for part in result.claim.parts):
        return
    path = out / f"{result.name}.json"
    if path.is_dir():
        raise OutputError(f"{path} is a folder; choose another place")
    write_result(path, result)
