"""Training, on one screen."""

__all__ = ["Run", "finished_run", "train"]

import contextlib
from dataclasses import dataclass
from pathlib import Path

import torch

from copyist import checkpoint
from copyist.checks import check_whole
from copyist.devices import autocast
from copyist.errors import ArgumentError
from copyist.models.contracts import Model
from copyist.randomness import generator
from copyist.settings import dump
from copyist.training.config import Recipe
from copyist.training.history import HistoryRow, read_history
from copyist.training.interrupts import Interrupts, reproducible
from copyist.training.layerwise import layer_folder, layer_folders, layer_recipes
from copyist.training.observer import NullObserver, Observer
from copyist.training.optimization import learning_rate, set_rate
from copyist.training.session import CATALOGUES, TrainingState
from copyist.training.start import InitialWeights
from copyist.training.upkeep import Upkeep


@dataclass(frozen=True)
class Run:
    """A finished run on disk."""

    folder: Path
    """Holds `model.safetensors`, `history.csv`, `samples/`, `tensorboard/`, `state/`, and a run for each layer that was
    trained before: `layer-0/`, `layer-1/`, …"""

    @property
    def model_file(self) -> Path:
        """The trained model."""
        return self.folder / "model.safetensors"

    @property
    def layers(self) -> tuple["Run", ...]:
        """The runs of the layers that were trained before, the outermost first."""
        return tuple(map(Run, layer_folders(self.folder)))

    def load(self) -> Model:
        """The trained model, as `copyist.load` gives it."""
        return checkpoint.load(self.model_file)

    def history(self) -> list[HistoryRow]:
        """The rows of `history.csv`."""
        return read_history(self.folder / "history.csv")


def finished_run(
    folder: Path, recipe: Recipe, *, seed: int, fingerprint: str, start: str | Path | None = None
) -> Run | None:
    """The run in `folder`, if it is finished and had this recipe, seed, data and start; else None.

    Raises:
        CheckpointError: its model file, or that of the start, is damaged.
    """
    run = Run(folder)
    if not run.model_file.exists():
        return None
    header = checkpoint.read_header(run.model_file)
    begun = None if start is None else InitialWeights.read(start).fingerprint
    wanted = (dump(recipe, CATALOGUES), seed, fingerprint, begun)
    training = header.training
    found = (header.recipe, training.get("seed"), header.data.get("fingerprint"), training.get("start"))
    return run if found == wanted else None


def train(
    recipe: Recipe,
    *,
    out: str | Path,
    seed: int = 0,
    start: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    observer: Observer | None = None,
) -> Run:
    """Train a model by a recipe, into a folder.

    Args:
        recipe: data, model, objective and training.
        out: the folder; it gets the model, its history and the state to resume from.
        seed: of the weights, the order of the images and every other draw.
        start: a model file or run folder, whose weights are taken over wherever the model has some of the same name:
            so is fine-tuned what was trained before. None starts from fresh weights.
        resume: go on from the last state in the folder. On one machine the weights become, bit for bit, those of a
            run that never stopped.
        overwrite: replace a run that is there.
        observer: is told how it goes.

    Returns:
        The finished run.

    Raises:
        OutputError: the folder holds something already, or cannot be written; the last good files stay.
        DataError: the source cannot be read, or has no labels where the objective needs them.
        ShapeError: the model does not take the source's images.
        ContractError: the objective does not train models of this kind.
        CheckpointError: there is no run to resume, or it was started with other settings; or the weights to start
            from cannot be read, or are of other shapes.
        ArgumentError: `seed` is no whole number, or negative; or there is a start and pretraining too.
        TrainingError: the loss was not finite twice, or the run was interrupted.
    """
    check_whole("seed", seed, 0)
    watcher = observer or NullObserver()
    if start is not None and recipe.pretraining is not None:
        raise ArgumentError("weights must start from one place, got a start beside pretraining; leave one of them out")
    begin = None if start is None else InitialWeights.read(start)
    session = TrainingState(
        recipe, Path(out), seed=seed, start=begin, resume=resume, overwrite=overwrite, observer=watcher
    )
    with Interrupts() as interrupts, reproducible(), torch.enable_grad():
        if session.counters.step == 0:
            _pretrain(session, interrupts)
        if recipe.pretraining is not None:
            watcher.phase("all layers together")
        _take_steps(session, interrupts)
    return Run(Path(out))


def _pretrain(session: TrainingState, interrupts: Interrupts) -> None:
    """Train the layers that a recipe wants trained before, each in a run of its own, and start from the last."""
    recipes = layer_recipes(session.recipe)
    below: TrainingState | None = None
    for index, recipe in enumerate(recipes):
        folder, watcher = layer_folder(session.folder, index), session.observer
        begun = (folder / "state" / "state.safetensors").exists()
        # All processes must have looked before one writes.
        session.accelerator.wait_for_everyone()
        layer = TrainingState(
            recipe, folder, seed=session.seed, resume=begun, overwrite=True, observer=watcher, splits=session.splits
        )
        if below is not None:
            layer.start_from(below.result)
        watcher.phase(f"layer {index + 1} of {len(recipes)}")
        if not layer.finished:
            watcher.said(f"pretraining layer {index + 1} of {len(recipes)}, in {folder}")
        _take_steps(layer, interrupts)
        below = layer
    if below is not None:
        session.start_from(below.result)
        session.observer.said(f"training all {len(recipes)} layers together, in {session.folder}")


def _take_steps(session: TrainingState, interrupts: Interrupts) -> None:
    """All steps that are left, and the model at the end."""
    recipe = session.recipe.training
    with contextlib.closing(Upkeep(session)) as upkeep:
        session.observer.started(step=session.counters.step, steps=recipe.steps)
        while not session.finished:
            if interrupts.seen:
                upkeep.stop()
            step = session.counters.step
            set_rate(session.optimizer, learning_rate(step, recipe) * session.counters.rate_scale)
            loss = _take_step(session, step)
            upkeep.after(step + 1, loss)
        upkeep.finish()


def _take_step(session: TrainingState, step: int) -> torch.Tensor:
    """One step of the optimizer on the gradients of one batch, or of several; the loss on them."""
    config = session.recipe.training
    parts = config.optimization.accumulation
    total, x = torch.zeros((), device=session.device), torch.empty(0)
    for part in range(parts):
        batch = step * parts + part
        x, labels = session.feed.batch(batch), session.feed.labels(batch)
        draws = generator(session.seed, "objective", step, part, session.accelerator.process_index)
        with session.synchronized(last=part == parts - 1), autocast(config.precision, session.device):
            loss = session.loss(x, progress=step / session.recipe.training.steps, generator=draws, labels=labels)
        session.accelerator.backward(loss / parts)
        total += loss.detach() / parts
    if config.optimization.clip > 0:
        norm = session.accelerator.clip_grad_norm_(session.model.parameters(), config.optimization.clip)
        # A gradient that is not finite spoils the weights as a loss does, and is reported as one.
        total = torch.where(torch.isfinite(torch.as_tensor(norm)), total, torch.nan)
    session.optimizer.step()
    session.optimizer.zero_grad(set_to_none=True)
    if session.recipe.objective.mends:
        with torch.no_grad():
            draws = generator(session.seed, "mending", step)
            session.recipe.objective.mend(session.model, x, step=step + 1, generator=draws)
    session.update_average(step)
    return total
