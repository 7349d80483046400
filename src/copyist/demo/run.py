"""The main job from end to end: train a copier and its controls, measure them, walk, sample; as files for a report."""

__all__ = ["Watch", "run_demo"]

import contextlib
import hashlib
import os
import platform
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import torch

from copyist.data import Splits, open_source
from copyist.demo.document import CopiedData, DemoReport, LossCurve, Stage, TrainedModel
from copyist.demo.pictures import draw_denoising, draw_samples, draw_walk
from copyist.devices import resolve
from copyist.errors import DataError, OutputError
from copyist.evaluation.evaluate import evaluate_images
from copyist.evaluation.evaluation import Evaluation
from copyist.models.contracts import Autoencoder, Reconstructor, needs
from copyist.outputs import write_text
from copyist.recipes import RECIPES
from copyist.settings import dump
from copyist.training import CATALOGUES, Observer, Recipe, Run, finished_run, train

_MODELS = (
    ("copier", "U-Net", "copier", "unet"),
    ("with-skips", "U-Net with skips", "control with skips", "unet-skips"),
    ("denoiser", "denoising U-Net", "trained denoiser", "denoising-unet"),
)
"""Folder, name, role and recipe of each model."""

_NUM_TEST = 512
"""At most this many held-out images are measured."""


@dataclass(frozen=True, kw_only=True)
class Trained:
    """One model of the demo."""

    name: str
    role: str
    recipe: Recipe
    run: Run
    model: Reconstructor


class Watch(Protocol):
    """An observer of the demo: a context manager for each part of it."""

    def training(self, name: str) -> contextlib.AbstractContextManager[Observer]:
        """A model is trained."""
        ...

    def counting(self, name: str) -> contextlib.AbstractContextManager[Callable[[int, int], None]]:
        """Something is done step by step; the function is called with the number done and the total."""
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
        watch: observes its progress.

    Raises:
        OutputError: the folder holds something else, or cannot be written.
        DataError, ShapeError, TrainingError: as for `open_source` and `train`.
    """
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / "models").is_dir())):
        raise OutputError(f"{out} holds something that is no demo; choose another folder with --out")
    seconds: dict[str, float] = {}
    with _timed(seconds, "read the data"):
        splits = open_source(data, say=watch.said)
    trained = [
        _trained(out, *each, data=data, steps=steps, seed=seed, overwrite=overwrite, splits=splits, watch=watch)
        for each in _MODELS
    ]
    identity = _identity(trained)
    if not overwrite and _is_measured(out, identity):
        watch.said(
            "the measures, pictures and film of these models are there already: only the report is written again"
        )
        return
    models = {each.name: each.model for each in trained}
    with _timed(seconds, "measure, beside every control"), watch.counting("measuring") as update:
        table = evaluate_images(models, splits, num_images=_NUM_TEST, seed=seed, progress=update)
        write_text(out / "evaluation.json", Evaluation(denoising=table).to_json())
    copier = needs(trained[0].model, Autoencoder, verb="the demo")
    with _timed(seconds, "denoise"):
        pictures = draw_denoising(out, models, splits.test, seed=seed)
    with _timed(seconds, "sample"), watch.counting("sampling") as update:
        pictures |= draw_samples(out, copier, splits, seed=seed, progress=update)
    with _timed(seconds, "walk"), watch.counting("walking") as update:
        walk = draw_walk(out, copier, splits.test, seed=seed, progress=update)
    seconds = {f"train the {each.name}": each.run.history()[-1].seconds for each in trained} | seconds
    report = DemoReport(
        title="copyist: learning by copying",
        command=command,
        seed=seed,
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        data=_data(data, splits),
        models=tuple(_model(each) for each in trained),
        stages=tuple(Stage(name=name, seconds=spent) for name, spent in seconds.items()),
        versions=_versions(next(trained[0].model.parameters()).device),
        pictures=pictures,
        walk=walk,
        identity=identity,
    )
    write_text(out / "report.json", report.to_json())


@contextlib.contextmanager
def _timed(seconds: dict[str, float], name: str) -> Generator[None, None, None]:
    """Write down under `name` how long what happens in this context takes."""
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start


def _identity(trained: Sequence[Trained]) -> str:
    """A hash of the models' files and of the version that measures them."""
    total = hashlib.sha256(f"{version('copyist')} {Evaluation.version} {DemoReport.version}".encode())
    for each in trained:
        total.update(each.run.model_file.read_bytes())
    return total.hexdigest()


def _is_measured(out: Path, identity: str) -> bool:
    """Whether the demo in `out` was brought to its end with these models; its report.json is written last."""
    try:
        return DemoReport.from_json((out / "report.json").read_bytes()).identity == identity
    except (OSError, DataError):
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


def _data(source: str, splits: Splits) -> CopiedData:
    return CopiedData(
        source=source,
        num_train=len(splits.train),
        num_test=len(splits.test),
        shape=splits.train.image_shape,
        split="split by photograph, never by crop" if source.startswith("photos") else "split by content",
        fingerprint=splits.train.fingerprint[:16],
    )


def _model(trained: Trained) -> TrainedModel:
    history = trained.run.history()
    document = dump(trained.recipe, CATALOGUES)
    model, training = document["model"], document["training"]
    settings = {name: value for name, value in model.items() if value not in (None, [], "unet", "unet-skips")}
    return TrainedModel(
        name=trained.name,
        kind=model["kind"],
        role=trained.role,
        num_parameters=sum(parameter.numel() for parameter in trained.model.parameters()),
        steps=history[-1].step,
        batch_size=trained.recipe.training.batch_size,
        seconds=history[-1].seconds,
        file=f"models/{trained.run.folder.name}/model.safetensors",
        curve=LossCurve(
            steps=tuple(row.step for row in history),
            loss=tuple(row.loss for row in history),
            validation=tuple((row.step, row.validation_loss) for row in history if row.validation_loss is not None),
        ),
        recipe={
            "recipe": trained.recipe.name,
            "objective": document["objective"]["kind"],
            **settings,
            "optimizer": training["optimization"]["optimizer"],
            "learning rate": training["optimization"]["learning_rate"],
            "flips": training["flip"],
        },
    )


def _versions(device: torch.device) -> dict[str, str]:
    named = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{os.cpu_count()} CPU cores"
    return {
        "copyist": version("copyist"),
        "torch": torch.__version__,
        "numpy": version("numpy"),
        "Python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "device": f"{named}, {torch.get_num_threads()} threads, {resolve('auto', device)}",
    }
