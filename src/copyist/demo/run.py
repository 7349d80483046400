"""The main job from end to end: train a copier and its controls, measure them, walk, sample; as files for a report."""

__all__ = ["Watch", "run_demo"]

import contextlib
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from copyist.data import Splits, open_source
from copyist.demo.document import Stages, Trained, report_document
from copyist.demo.pictures import draw_denoising, draw_samples, draw_walk
from copyist.errors import OutputError
from copyist.evaluation.evaluate import evaluated
from copyist.models.contracts import Autoencoder, Reconstructor, needs
from copyist.outputs import write_text
from copyist.recipes import RECIPES
from copyist.training import Observer, finished_run, train

_MODELS = (
    ("copier", "U-Net", "copier", "unet"),
    ("with-skips", "U-Net with skips", "control with skips", "unet-skips"),
    ("denoiser", "denoising U-Net", "trained denoiser", "denoising-unet"),
)
"""Folder, name, role and recipe of each model."""

_NUM_TEST = 512
"""At most this many held-out images are measured."""


class Watch(Protocol):
    """Who is told how the demo goes: a context for each part of it."""

    def training(self, name: str) -> contextlib.AbstractContextManager[Observer]:
        """A model is trained."""
        ...

    def counting(self, name: str) -> contextlib.AbstractContextManager[Callable[[int, int], None]]:
        """Something is done step by step; the function is told how many are done, and of how many."""
        ...

    def said(self, sentence: str) -> None:
        """Something the user should know."""


def run_demo(
    out: Path, *, data: str, steps: int | None, seed: int, command: str, overwrite: bool, watch: Watch
) -> None:
    """Fill a folder with models, measures, pictures and a film, and with the documents that a report is made of.

    Models that are there already, trained by the same recipe, seed and data, are not trained again; a run that was
    broken off goes on.

    Args:
        out: the folder.
        data: the source.
        steps: of each training; None takes the recipes'.
        seed: of everything random.
        command: that was typed, for the report.
        overwrite: train again whatever is there.
        watch: is told how it goes.

    Raises:
        OutputError: the folder holds something else, or cannot be written.
        DataError, ShapeError, TrainingError: as for `open_source` and `train`.
    """
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / "models").is_dir())):
        raise OutputError(f"{out} holds something that is no demo; choose another folder with --out")
    stages = Stages()
    with stages.timed("read the data"):
        splits = open_source(data, say=watch.said)
    trained = [
        _trained(out, *each, data=data, steps=steps, seed=seed, overwrite=overwrite, splits=splits, watch=watch)
        for each in _MODELS
    ]
    identity = _identity(trained)
    if not overwrite and _measured(out, identity):
        watch.said(
            "the measures, pictures and film of these models are there already: only the report is written again"
        )
        return
    models = {each.name: each.model for each in trained}
    with stages.timed("measure, beside every control"), watch.counting("measuring") as update:
        table = evaluated(models, splits, num_images=_NUM_TEST, seed=seed, progress=update)
        write_text(out / "evaluation.json", json.dumps(table.to_json(), indent=1) + "\n")
    copier = needs(trained[0].model, Autoencoder, verb="the demo")
    with stages.timed("denoise"):
        pictures = draw_denoising(out, models, splits.test, seed=seed)
    with stages.timed("sample"), watch.counting("sampling") as update:
        pictures |= draw_samples(out, copier, splits, seed=seed, progress=update)
    with stages.timed("walk"), watch.counting("walking") as update:
        walk = draw_walk(out, copier, splits.test, seed=seed, progress=update)
    document = report_document(
        command=command,
        seed=seed,
        source=data,
        splits=splits,
        trained=trained,
        stages=stages,
        pictures=pictures,
        walk=walk,
    )
    write_text(out / "report.json", json.dumps(document | {"identity": identity}, indent=1) + "\n")


def _identity(trained: Sequence[Trained]) -> str:
    """A hash of the models' files and of the version that measures them."""
    total = hashlib.sha256(version("copyist").encode())
    for each in trained:
        total.update(each.run.model_file.read_bytes())
    return total.hexdigest()


def _measured(out: Path, identity: str) -> bool:
    """Whether the demo in `out` was brought to its end with these models; its report.json is written last."""
    try:
        return json.loads((out / "report.json").read_text())["identity"] == identity
    except (OSError, ValueError, KeyError):
        return False


def _trained(
    out: Path,
    folder: str,
    name: str,
    role: str,
    recipe_name: str,
    *,
    data: str,
    steps: int | None,
    seed: int,
    overwrite: bool,
    splits: Splits,
    watch: Watch,
) -> Trained:
    recipe = RECIPES[recipe_name](data=data)
    if steps is not None:
        recipe = replace(recipe, training=replace(recipe.training, steps=steps))
    place = out / "models" / folder
    run = None if overwrite else finished_run(place, recipe, seed=seed, fingerprint=splits.train.fingerprint)
    if run is not None:
        watch.said(f"the {name} is there already, trained by the same recipe on the same data: it is not trained again")
    else:
        resume = not overwrite and (place / "state" / "state.safetensors").exists()
        with watch.training(name) as observer:
            run = train(recipe, out=place, seed=seed, resume=resume, overwrite=overwrite, observer=observer)
    return Trained(
        name=name, role=role, recipe=recipe, run=run, model=needs(run.load(), Reconstructor, verb="the demo")
    )
