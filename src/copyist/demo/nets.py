"""The networks of the demo: loaded as they come with the package, or trained here."""

__all__ = ["Net", "load_shipped", "train_here"]

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, final

from copyist.checkpoint import Header, load, read_header
from copyist.data import Splits, open_source
from copyist.demo.document import LossCurve, Setting, TrainedModel
from copyist.demo.shipped import shipped_file
from copyist.metrics.distortion import psnr
from copyist.models.contracts import Reconstructor, needs
from copyist.outputs import write_bytes
from copyist.procedures import denoise
from copyist.training import HistoryRow, Observer, Recipe, finished_run, train


@final
@dataclass(frozen=True, kw_only=True)
class Net:
    """A network, and the record of its training."""

    model: Reconstructor
    header: Header
    file: Path
    shipped: bool
    history: tuple[HistoryRow, ...] = ()
    """Of its training here."""

    def record(self, name: str, *, role: str, folder: Path, splits: Splits) -> TrainedModel:
        """What the report says of it.

        Args:
            name: of the network in the report.
            role: likewise.
            folder: that its file is named in.
            splits: its data, on whose test images its copies are measured.
        """
        x = splits.test.images().to(next(self.model.parameters()).device)
        training, config = self.header.training, self.header.model
        looked_at = [(row.step, row.validation_loss) for row in self.history if row.validation_loss is not None]
        steps, losses = tuple(row.step for row in self.history), tuple(row.loss for row in self.history)
        return TrainedModel(
            name=name,
            kind=str(config["kind"]),
            role=role,
            num_parameters=sum(parameter.numel() for parameter in self.model.parameters()),
            steps=int(training["steps"]),
            batch_size=self.header.batch_size,
            seconds=float(training["seconds"]),
            shipped=self.shipped,
            psnr=float(psnr(denoise(self.model, x), x).mean()),
            file=str(self.file.relative_to(folder)),
            curve=LossCurve(steps=steps, loss=losses, validation=tuple(looked_at)) if steps else None,
            recipe=_settings(self.header.recipe, self.header.training),
        )


def load_shipped(name: str, folder: Path) -> Net:
    """A network that comes with the package, copied into `folder` so that every verb can take it from there.

    Raises:
        CheckpointError: its file is damaged.
        OutputError: the folder cannot be written.
    """
    file = folder / "model.safetensors"
    write_bytes(file, shipped_file(name).read_bytes())
    return _net(file, shipped=True)


def train_here(
    recipe: Recipe,
    folder: Path,
    *,
    seed: int,
    overwrite: bool,
    observer: Observer,
    start: Path | None = None,
) -> Net:
    """Train by a recipe into a folder, unless a run of the same recipe, seed, data and start is finished there.

    Args:
        recipe: what to train.
        folder: of the run; one that was broken off goes on.
        seed: of the run.
        overwrite: train again what is there.
        observer: follows it.
        start: the model file whose weights it starts from.

    Raises:
        TrainingError, OutputError, InterruptionError: as for `train`.
    """
    run = None
    if not overwrite:
        fingerprint = open_source(recipe.data).train.fingerprint
        run = finished_run(folder, recipe, seed=seed, fingerprint=fingerprint, start=start)
    if run is None:
        resume = not overwrite and (folder / "state" / "state.safetensors").exists()
        begin = None if resume else start
        run = train(recipe, out=folder, seed=seed, start=begin, resume=resume, overwrite=overwrite, observer=observer)
    return _net(run.model_file, shipped=False, history=tuple(run.history()))


def _net(file: Path, *, shipped: bool, history: tuple[HistoryRow, ...] = ()) -> Net:
    model = needs(load(file), Reconstructor, verb="the demo")
    return Net(model=model, header=read_header(file), file=file, shipped=shipped, history=history)


def _settings(recipe: dict[str, Any], training: dict[str, Any]) -> dict[str, Setting]:
    model, how = (cast("dict[str, Any]", recipe[part]) for part in ("model", "training"))
    shape = {name: value for name, value in model.items() if name != "kind" and value not in (None, [])}
    return {
        "recipe": recipe["name"],
        "data": recipe["data"],
        "seed": training["seed"],
        "objective": recipe["objective"]["kind"],
        **shape,
        "optimizer": how["optimization"]["optimizer"],
        "learning rate": how["optimization"]["learning_rate"],
        "flips": how["flip"],
    }
