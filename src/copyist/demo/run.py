"""The essay from end to end: load or train the networks, denoise, sample, walk, measure; as files for a report."""

__all__ = ["run_demo"]

import hashlib
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch

from copyist.data import Splits, open_source
from copyist.demo.chapters import (
    MEASURING,
    REAL_PART,
    SAMPLING,
    STAGES_PART,
    WALKING,
    Scale,
    Work,
    add_denoising,
    add_real_images,
    add_samples,
    add_walks,
)
from copyist.demo.document import CopiedData, DemoReport, Stage
from copyist.demo.nets import Net, load_shipped, train_here
from copyist.demo.progress import StepsTaken, Watch, WholeProgress
from copyist.demo.shipped import FACES, LANDSCAPES
from copyist.demo.small import SMALL_DATA, STAGES, stage_recipe
from copyist.devices import resolve
from copyist.errors import DataError, OutputError
from copyist.evaluation.evaluation import Evaluation
from copyist.outputs import write_text
from copyist.recipes import RECIPES
from copyist.training import Recipe

_NAMES = ("copier", "with-skips")
"""Folders of the copier and its control, and names of the files that are shipped."""

_RECIPES = ("unet", "unet-skips")
"""What they are trained by on a source of the user's own."""

_REAL = "faces"

_SECONDS = {
    "reading the images": 3.0,
    "training a small network": 60.0,
    MEASURING: 75.0,
    SAMPLING: 16.0,
    WALKING: 25.0,
    STAGES_PART: 25.0,
    REAL_PART: 15.0,
}
"""What each part takes on two cores."""

_TRAINING = "training on your images"
_SECONDS_PER_STEP = 0.15


def run_demo(
    out: Path,
    *,
    data: str | None = None,
    steps: int | None = None,
    seed: int = 0,
    command: str = "",
    overwrite: bool = False,
    watch: Watch,
    scale: Scale | None = None,
) -> None:
    """Fill a folder with models, measures, pictures and films, and with the documents that a report is made of.

    The networks that copy landscapes and faces come with the package, and a small one is trained here. Models that are
    there already, of the same recipe, seed and data, are not trained again; a run that was broken off goes on.

    Args:
        out: the folder.
        data: a source of one's own, which a copier and its control are trained on here; None loads the shipped ones.
        steps: of each training; None takes the recipes'.
        seed: of everything random here.
        command: that was typed, for the report.
        overwrite: train again whatever is there.
        watch: observes its progress.
        scale: how much is measured; None is all of it.

    Raises:
        OutputError: the folder holds something else, or cannot be written.
        DataError, ShapeError, TrainingError: as for `open_source` and `train`.
    """
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / "models").is_dir())):
        raise OutputError(f"{out} holds something that is no demo; choose another folder with --out")
    own = [] if data is None else [_with_steps(RECIPES[name](data=data), steps) for name in _RECIPES]
    stages = [_with_steps(stage_recipe(count), steps) for count in STAGES]
    progress = WholeProgress(_expected(own), watch)
    with progress.part("reading the images"):
        source = LANDSCAPES if data is None else data
        splits, small_splits = open_source(source, say=watch.notify), open_source(SMALL_DATA)
        real = None if own else (load_shipped(_REAL, out / "models" / _REAL), open_source(FACES))
    train = _Trainer(out=out / "models", seed=seed, overwrite=overwrite, progress=progress, watch=watch)
    if own:
        copier, control = train.all(_TRAINING, dict(zip(_NAMES, own, strict=True)))
    else:
        copier, control = (load_shipped(name, out / "models" / name) for name in _NAMES)
    small = train.all("training a small network", {f"small-{i}": each for i, each in enumerate(stages)}, one_net=True)
    identity = _identity([copier, control, *small, *([real[0]] if real else [])])
    if not overwrite and _is_measured(out, identity):
        watch.notify("measures, pictures and films of these networks are there already: only the page is written again")
        return
    nets = {"U-Net": copier, "U-Net with skips": control}
    work = Work(out=out, seed=seed, scale=scale or Scale(), progress=progress)
    report = _report(out, nets, small[-1], source=source, splits=splits, small_splits=small_splits)
    report = add_denoising(work, report, nets, splits)
    report = add_samples(work, report, nets, splits)
    report = add_walks(work, report, copier, splits, small, small_splits)
    if real is not None:
        report = add_real_images(work, report, *real)
    spent = tuple(Stage(name=name, seconds=seconds) for name, seconds in progress.seconds.items())
    report = replace(report, command=command, seed=seed, identity=identity, stages=spent)
    write_text(out / "report.json", report.to_json())


@dataclass(frozen=True, kw_only=True)
class _Trainer:
    """Trains several networks as one part of the work."""

    out: Path
    seed: int
    overwrite: bool
    progress: WholeProgress
    watch: Watch

    def all(self, part: str, recipes: Mapping[str, Recipe], *, one_net: bool = False) -> list[Net]:
        """The networks of these recipes, by the names of their folders; `one_net` goes on with the weights before."""
        nets: list[Net] = []
        total = sum(recipe.training.steps for recipe in recipes.values())
        with self.progress.part(part) as update:
            observer = StepsTaken(update, total=total, notify=self.watch.notify)
            for name, recipe in recipes.items():
                net = train_here(
                    recipe, self.out / name, seed=self.seed, overwrite=self.overwrite, observer=observer,
                    start=nets[-1].file if one_net and nets else None,
                )  # fmt: skip
                observer.end_training()
                nets.append(net)
        return nets


def _with_steps(recipe: Recipe, steps: int | None) -> Recipe:
    return recipe if steps is None else replace(recipe, training=replace(recipe.training, steps=steps))


def _expected(own: Sequence[Recipe]) -> dict[str, float]:
    """Seconds of each part that there will be, in their order."""
    if not own:
        return _SECONDS
    training = {_TRAINING: _SECONDS_PER_STEP * sum(recipe.training.steps for recipe in own)}
    return training | {name: seconds for name, seconds in _SECONDS.items() if name != REAL_PART}


def _report(
    out: Path, nets: Mapping[str, Net], small: Net, *, source: str, splits: Splits, small_splits: Splits
) -> DemoReport:
    """What is known before anything is measured."""
    roles = dict(zip(nets, ("copier", "control with skips"), strict=True))
    models = [net.record(name, role=roles[name], folder=out, splits=splits) for name, net in nets.items()]
    models.append(small.record("small U-Net", role="walker", folder=out, splits=small_splits))
    return DemoReport(
        title="copyist: learning by copying",
        command="",
        seed=0,
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        data=CopiedData(
            source=source,
            num_train=len(splits.train),
            num_test=len(splits.test),
            shape=splits.train.image_shape,
            split="split by photograph, never by crop" if source.startswith("photos") else "split by content",
            fingerprint=splits.train.fingerprint[:16],
        ),
        models=tuple(models),
        versions=_versions(next(small.model.parameters()).device),
    )


def _identity(nets: Sequence[Net]) -> str:
    """A hash of the networks' files and of the version that measures them."""
    total = hashlib.sha256(f"{version('copyist')} {Evaluation.version} {DemoReport.version}".encode())
    for net in nets:
        total.update(net.file.read_bytes())
    return total.hexdigest()


def _is_measured(out: Path, identity: str) -> bool:
    """Whether the demo in `out` was brought to its end with these networks; its report.json is written last."""
    try:
        return DemoReport.from_json((out / "report.json").read_bytes()).identity == identity
    except (OSError, DataError):
        return False


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
