"""Claims run: every seed apart, in parallel, and every result on disk as soon as it is there."""

__all__ = ["run_claims"]

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import torch

from copyist.checks import check_at_least, check_choice
from copyist.data.grids import rows, write_png
from copyist.errors import ArgumentError, DataError, OutputError
from copyist.evidence import Verdict
from copyist.experiments.measurements import Measurements, Pictures
from copyist.experiments.results import Seed, declaration, measured, read_result, seeds_of, write_result
from copyist.experiments.trial import SCALES, Experiment, Scale, Trial


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
        progress: told of each run that is done: the claim, seed and seconds, and how many of how many are done.

    Returns:
        The verdict on each claim.

    Raises:
        UnknownNameError: there is no such scale.
        DataError: a result that is there is half-written, of another version, of another scale, or of a claim that was
            declared otherwise.
        OutputError: the disk is full, or the place cannot be written.
    """
    check_choice("scale", scale, SCALES)
    check_at_least("jobs", jobs, 1)
    out.mkdir(parents=True, exist_ok=True)
    found = {name: _known(out, name, each, scale, overwrite) for name, each in experiments.items()}
    pictures = {name: _pictures_of(out, name) if found[name] else {} for name in experiments}
    wanted = {name: tuple(seeds) if seeds is not None else tuple(each.seeds) for name, each in experiments.items()}
    todo = [(name, seed) for name in experiments for seed in wanted[name] if seed not in found[name]]
    verdicts: dict[str, Verdict] = {
        name: _written(out, name, experiments[name], scale, found[name], pictures[name]) for name in found
    }
    folder = out / "models" if models is None else models
    for done, (name, seed, run, drawn) in enumerate(_runs(experiments, todo, scale, folder, jobs), start=1):
        found[name][seed] = run
        if seed == min(wanted[name]):
            pictures[name] = {short: _drawn(out, name, short, picture) for short, picture in drawn.items()}
        verdicts[name] = _written(out, name, experiments[name], scale, found[name], pictures[name])
        if progress is not None:
            progress(name, seed, run.seconds, done, len(todo))
    return verdicts


def _known(out: Path, name: str, experiment: Experiment, scale: Scale, overwrite: bool) -> dict[int, Seed]:
    """The runs that need not be made again."""
    path = out / f"{name}.json"
    if overwrite or not path.exists():
        return {}
    document = read_result(path)
    if document.get("scale") != scale:
        raise DataError(
            f"{path} was measured at scale {document.get('scale')}, and {scale} was asked for; choose another folder"
        )
    if document["claim"].get("digest") != declaration(name, experiment.claim)["digest"]:
        raise DataError(f"{path} is about a claim that was declared otherwise; add --force to measure it again")
    return seeds_of(document)


def _pictures_of(out: Path, name: str) -> dict[str, dict[str, str]]:
    listed = read_result(out / f"{name}.json").get("pictures", [])
    return {each["name"]: {"file": each["file"], "caption": each["caption"]} for each in listed}


def _runs(
    experiments: Mapping[str, Experiment], todo: Sequence[tuple[str, int]], scale: Scale, models: Path, jobs: int
) -> "Iterator[tuple[str, int, Seed, Mapping[str, Pictures]]]":
    from joblib import Parallel, delayed

    if jobs == 1:
        return (_run(name, experiments[name], Trial(scale=scale, seed=seed, models=models)) for name, seed in todo)
    parallel = Parallel(n_jobs=jobs, return_as="generator_unordered", pre_dispatch="n_jobs")
    calls = (
        delayed(_run)(name, experiments[name], Trial(scale=scale, seed=seed, models=models)) for name, seed in todo
    )
    return cast("Iterator[tuple[str, int, Seed, Mapping[str, Pictures]]]", parallel(calls))


def _run(name: str, experiment: Experiment, trial: Trial) -> tuple[str, int, Seed, Mapping[str, Pictures]]:
    threads, since = torch.get_num_threads(), time.perf_counter()
    torch.set_num_threads(1)
    try:
        found = experiment.run(trial)
    finally:
        torch.set_num_threads(threads)
    _check_complete(name, experiment, found)
    seconds = time.perf_counter() - since
    seed = measured(found, recipes=trial.recipes, seconds=seconds, device=trial.device.type)
    return name, trial.seed, seed, found.pictures


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
    if not found and all(not part.waits_for for part in experiment.claim.parts):
        return "inconclusive"
    path = out / f"{name}.json"
    if path.is_dir():
        raise OutputError(f"{path} is a folder; choose another place")
    return write_result(path, name, experiment.claim, scale=scale, seeds=found, pictures=pictures)
