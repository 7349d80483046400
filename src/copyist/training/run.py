"""Training a model by a recipe, from the data to a finished run."""

__all__ = ["Run", "train"]

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import torch

from copyist.checks import check_whole
from copyist.data import open_source
from copyist.data.learned_columns import left_out_notices
from copyist.data.opening import check_data
from copyist.data.splits import Splits
from copyist.devices import deterministic_cudnn, meet
from copyist.errors import ArgumentError
from copyist.models.contracts import Autoencoder, Model
from copyist.objectives import FrozenEncoder
from copyist.outputs import user_path
from copyist.settings import dump
from copyist.training.config import CATALOGUES, Recipe
from copyist.training.finish import finish
from copyist.training.first_stage import (
    check_first_stage,
    read_first_stage,
    train_first_stage,
    with_given,
)
from copyist.training.history import HistoryRow, NullObserver, Observer
from copyist.training.layerwise import check_layers, pretrain
from copyist.training.loop import Interrupts, take_steps
from copyist.training.processes import check_processes
from copyist.training.resumption import RecordedRun
from copyist.training.saving import begin_run, resume_run
from copyist.training.start import InitialWeights
from copyist.training.state import TrainingState
from copyist.training.store import Store


@final
@dataclass(frozen=True)
class Run:
    """A finished run, in a folder or in memory."""

    store: Store
    """Where it keeps what it made."""

    @property
    def folder(self) -> Path:
        """Holds `model.safetensors`, `history.csv`, `samples/`, `tensorboard/`, `state/`, `snapshots/` where the recipe
        names some, and a run for each layer that was trained before: `layer-0/`, `layer-1/`, …, or for the first stage
        of a latent diffusion model: `first-stage/`.

        Raises:
            OutputError: the run is in memory.
        """
        return self.store.folder

    @property
    def model_file(self) -> Path:
        """The trained model.

        Raises:
            OutputError: the run is in memory.
        """
        return self.store.model_file

    @property
    def layers(self) -> tuple["Run", ...]:
        """The runs of the layers that were trained before, the outermost first."""
        return tuple(map(Run, self.store.layers()))

    @property
    def first_stage(self) -> "Run | None":
        """The run of the first stage that was trained before; None where there is none."""
        return Run(self.store.first_stage) if self.store.first_stage.has_state else None

    @functools.cached_property
    def model(self) -> Model:
        """The trained model, read once.

        Raises:
            CheckpointError: its file is missing or damaged.
        """
        return self.load()

    def load(self) -> Model:
        """The trained model, as `copyist.load` gives it: in evaluation mode, and another one at each call.

        Raises:
            CheckpointError: its file is missing or damaged.
        """
        return self.store.read_model()

    def snapshot(self, level: float) -> Model | None:
        """The model as it was when its copies first reached a PSNR in dB that the recipe names among its snapshots;
        None where they did not. Copies are of held-out images, or of the recipe's `snapshot_split`.

        Raises:
            CheckpointError: its file is damaged.
        """
        return self.store.read_snapshot(level)

    def snapshot_file(self, level: float) -> Path:
        """Where a snapshot lies, if the copies reached it.

        Raises:
            OutputError: the run is in memory.
        """
        return self.store.snapshot_file(level)

    @property
    def kept(self) -> HistoryRow:
        """The row of the history that belongs to the model: the last, or that of the best weights where those are kept.

        Raises:
            CheckpointError: the model's file is missing or damaged.
            DataError: the history is missing or damaged.
        """
        rows, kept = self.history(), self.store.read_header().training.get("kept_step")
        return next((row for row in rows if row.step == kept), rows[-1])

    def history(self) -> list[HistoryRow]:
        """The rows of `history.csv`.

        Raises:
            DataError: the file is missing or damaged.
        """
        return self.store.read_history()


def train(
    recipe: Recipe | None,
    *,
    data: str | Splits | None = None,
    out: str | Path | None = None,
    seed: int | None = None,
    start: str | Path | None = None,
    first_stage: str | Path | Autoencoder | None = None,
    purpose: Mapping[str, Any] | None = None,
    resume: bool = False,
    overwrite: bool = False,
    observer: Observer | None = None,
) -> Run:
    """Train a model by a recipe, into a folder or in memory.

    Args:
        recipe: data, model, objective and training; None goes on with that of the run that is resumed.
        data: a source, or splits such as `Splits.from_arrays` makes, in place of the recipe's; None takes the recipe's.
        out: the folder; it gets the model, its history and the state to resume from. None writes nothing to disk, and
            keeps model and history in the run that is returned.
        seed: of the weights, the order of the images and every other draw; None is 0, or that of the run
            that is resumed.
        start: a model file or run folder, whose weights are taken over wherever the model has some of the same name:
            so is fine-tuned what was trained before. None starts from fresh weights.
        first_stage: of a latent diffusion model: an autoencoder, its file or its run, or a latent diffusion model that
            has one; it stays as it is, and the model that is trained holds it. None trains the recipe's, or takes that
            of the start.
        purpose: what the model is trained for beside the recipe, ready for JSON: it is kept with the state, and a run
            goes on for no other one. None where there is nothing to say, or to take that of the run that is resumed.
        resume: go on from the last state in the folder. On one machine the weights become, bit for bit, those of a
            run that never stopped. Data is compared by its content, wherever it lies. Other `steps` end the run
            later or sooner: from there on the learning rate follows their schedule. `save_every` may differ, and
            where the best weights are not kept, `validate_every` and `validation_images`; nothing else.
        overwrite: replace a run that is there.
        observer: follows how it goes.

    Returns:
        The finished run.

    Raises:
        OutputError: the folder holds something already, another run is at work in it, or it cannot be written; the last
            good files stay.
        DataError: the source cannot be read, or has no labels where the objective needs them.
        ShapeError: the model does not take the source's images.
        ContractError: the objective does not train models of this kind, or the first stage has no code of maps.
        CheckpointError: there is no run to resume, or it was started with other settings; or the weights to start
            from cannot be read, or are of other shapes.
        ArgumentError: `seed` is no whole number, or negative; or there is a start and pretraining too, or nothing to
            resume from, or no start where the encoder is to stay as it is.
        TrainingError: the loss was not finite twice.
        InterruptionError: SIGINT or SIGTERM ended the run, whose state is kept.
    """
    check_whole("seed", 0 if seed is None else seed, 0)
    if recipe is None and not resume:
        raise ArgumentError(
            "a run must have a recipe to be started, got none; give one, such as copyist.recipes.unet()"
        )
    if resume and out is None:
        raise ArgumentError("a run must have a folder to be resumed, got out=None; give the folder it was trained into")
    watcher = observer or NullObserver()
    accelerator = meet()
    store = Store(None if out is None else user_path(out), writes=accelerator.is_main_process)
    store.check(resume=resume, overwrite=overwrite)
    recorded = RecordedRun.of(store.read_document(), place=str(store)) if resume else None
    given = None if first_stage is None else read_first_stage(first_stage)
    if given is None and start is not None and recipe is not None and recipe.first_stage is not None:
        given = read_first_stage(start)
    recipe = recorded.load_recipe() if recipe is None and recorded is not None else recipe
    assert recipe is not None
    if given is not None:
        recipe = with_given(recipe, given)
    if recorded is not None:
        seed = recorded.seed if seed is None else seed
        recorded.check_settings(dump(recipe, CATALOGUES), seed=seed, purpose=purpose)
    check_processes(recipe, accelerator)
    if start is not None and recipe.pretraining is not None:
        raise ArgumentError("weights must start from one place, got a start beside pretraining; leave one of them out")
    if isinstance(recipe.objective, FrozenEncoder) and start is None and not resume:
        raise ArgumentError(
            "an encoder that stays as it is must have been trained, got fresh weights; give a model (--from MODEL)"
        )
    begin = None if start is None else InitialWeights.read(start)
    if begin is not None and begin.notice is not None:
        watcher.notify(begin.notice)
    if data is not None:
        check_data(data)
    splits = data if isinstance(data, Splits) else _open_source(data or recipe.data, watcher)
    if isinstance(data, Splits):
        for notice in left_out_notices(data.train.left_out, data.train.source):
            watcher.notify(notice)
    if data is not None:
        recipe = replace(recipe, data=splits.train.source)
    if recorded is not None and recipe.objective.uses_labels:
        # Those that it knows, perhaps of the weights it started from.
        splits = splits.with_classes(recorded.classes)
    state = TrainingState(
        recipe,
        splits,
        store,
        seed=seed or 0,
        start=begin,
        first_stage=given,
        purpose=purpose,
        observer=watcher,
    )
    if not resume:
        state.check_data()
        check_layers(state)
        check_first_stage(state)
    with Interrupts() as interrupts, deterministic_cudnn(), torch.enable_grad(), store.hold_lock(watcher.notify):
        if resume:
            resume_run(state)
        else:
            begin_run(state, overwrite=overwrite)
        if state.counters.step == 0:
            pretrain(state, interrupts)
            train_first_stage(state, interrupts)
        if recipe.pretraining is not None:
            watcher.begin_phase("all layers together")
        if recipe.first_stage is not None:
            watcher.begin_phase("denoiser")
        take_steps(state, interrupts)
        finish(state)
    return Run(store)


def _open_source(source: str, observer: Observer) -> Splits:
    return open_source(source, say=observer.notify, progress=observer.report_reading)
