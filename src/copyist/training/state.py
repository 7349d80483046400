"""The state of a run: what a step changes, and what must be saved to resume with the same bits."""

__all__ = ["TrainingState"]

import contextlib
import copy
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, final

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from copyist.checkpoint import FORMAT_VERSION, Header, sum_of_tensors
from copyist.data import Batches
from copyist.data.splits import Splits
from copyist.devices import Precision, keep_freed_memory, resolve_for_all
from copyist.models.contracts import Autoencoder, Model, ModelConfig, needs
from copyist.models.latent_diffusion import LatentDiffusion
from copyist.nn.norm import share_statistics
from copyist.settings import dump
from copyist.training.config import CATALOGUES, Recipe
from copyist.training.counters import Counters
from copyist.training.descent import Descent
from copyist.training.held_out import HeldOut
from copyist.training.history import Observer, kept_row
from copyist.training.learned import LearnedExamples
from copyist.training.optimization import update_average
from copyist.training.processes import check_resumed, sharing_record, statistics_batch
from copyist.training.resumption import RecordedRun
from copyist.training.run_data import RunData
from copyist.training.sharding import DividedModels, Shards, take_whole_state, whole_to_keep
from copyist.training.start import InitialWeights, build_model, initial_config
from copyist.training.store import Store


@final
class TrainingState:
    """Model, average, best weights, optimizer and counters of one run, ready for its next step; and its data."""

    def __init__(
        self,
        recipe: Recipe,
        splits: Splits,
        store: Store,
        *,
        seed: int,
        observer: Observer,
        start: InitialWeights | None = None,
        first_stage: Autoencoder | None = None,
        purpose: Mapping[str, Any] | None = None,
    ) -> None:
        """Build everything as it is before the first step; nothing is written.

        Args:
            recipe: what is trained, and how.
            splits: of the examples.
            store: where it is kept.
            seed: of every draw.
            observer: follows how it goes.
            start: weights that are taken over, wherever the names agree.
            first_stage: of a latent diffusion model, where it is given and not trained before.
            purpose: what the model is trained for beside the recipe.

        Raises:
            ShapeError: the model does not take the examples.
            DataError: there are no labels where the objective needs them, or a table cannot be standardized.
            ContractError: the objective does not train models of this kind.
            CheckpointError: the weights to start from do not fit.
            ArgumentError: processes are to divide a weight that is a single number.
        """
        config = recipe.training
        self.recipe, self.store, self.seed, self.observer, self.start = recipe, store, seed, observer, start
        self.purpose = purpose
        self.start_fingerprint = None if start is None else start.fingerprint
        self.accelerator = Accelerator()
        self.device = self.accelerator.device
        self.precision: Precision = resolve_for_all(config.precision, self.device)
        # The one setting of the process that training does not put back; it changes no value.
        if self.device.type == "cpu":
            keep_freed_memory()
        if recipe.objective.uses_labels and start is not None:
            # The head that is taken over knows classes by its own numbers.
            splits = splits.with_classes(start.classes)
        num_classes = splits.num_classes() if recipe.objective.uses_labels else None
        self.model_config: ModelConfig = initial_config(recipe).fitted(splits.train.shape)
        if num_classes is not None:
            self.model_config = self.model_config.with_classes(num_classes)
        self.data = RunData.of(splits, num_classes=num_classes, unit=self.model_config.unit, trimmed=config.trimmed)
        self.summary = self.data.summary()
        world_size = self.accelerator.num_processes
        self._statistics_batch = statistics_batch(config, num_processes=world_size)
        self.model = build_model(
            self.model_config,
            recipe,
            splits.train,
            seed=seed,
            start=start,
            device=self.device,
            statistics_batch=self._statistics_batch,
        ).train()
        self.average = copy.deepcopy(self.model) if config.averaging > 0 else None
        self.best = copy.deepcopy(self.model) if config.patience > 0 else None
        if world_size > 1 and config.batch_statistics == "synchronized":
            share_statistics(self.model)
        sharded = world_size > 1 and config.sharding == "full"
        if config.compile:
            self.model.compile()  # pyright: ignore[reportUnknownMemberType]
        self.descent = Descent(
            recipe.objective, self.model, config.optimization, accelerator=self.accelerator, sharded=sharded
        )
        self._divided = DividedModels()
        if sharded:
            self._divided.add(self.model, self.descent.loss)
            for model in (self.average, self.best):
                if model is not None:
                    self._divided.add(model, Shards(model, device=self.device, world_size=world_size))
        self._examples = LearnedExamples(self.data, config, self.model, seed=seed, accelerator=self.accelerator)
        self.counters = Counters()
        self.saved_step = 0
        self.given_first_stage = None if first_stage is None else sum_of_tensors(first_stage.state_dict())
        if first_stage is not None:
            self.take_first_stage(first_stage)

    @property
    def batches(self) -> Batches:
        """The examples of every step, as they are learned."""
        return self._examples.batches

    @property
    def held_out(self) -> HeldOut:
        """The examples of every validation, as they are learned."""
        return self._examples.held_out

    def gathered(self, model: Model) -> contextlib.AbstractContextManager[Any]:
        """Context manager: a model of the run is whole in every process, where processes divide it; all must enter."""
        return self._divided.gathered(model)

    @property
    def finished(self) -> bool:
        """Whether no step is left to take."""
        return self.counters.stopped or self.counters.step >= self.recipe.training.steps

    @property
    def current(self) -> Model:
        """The model as it would be used now: the average of the weights where one is kept."""
        return self.model if self.average is None else self.average

    @property
    def result(self) -> Model:
        """The model that the run makes: the best one where that is kept, or else the current one."""
        return self.current if self.best is None else self.best

    def take_first_stage(self, first_stage: Autoencoder) -> None:
        """Before the first step, take over a trained first stage, and measure its codes of the training images.

        Raises:
            ArgumentError: the codes do not fit into memory.
            DataError: they are not finite.
        """
        latent = needs(self.model, LatentDiffusion, verb="a first stage")
        latent.set_first_stage(first_stage)
        self._examples.measure_codes()
        for model in (self.average, self.best):
            if model is not None:
                model.load_state_dict(latent.state_dict())

    def check_data(self) -> None:
        """Let the objective refuse the data, by a look at one batch.

        Raises:
            CopyistError: whatever the objective raises.
        """
        with self.gathered(self.model):
            self.recipe.objective.check_data(self.model, self.held_out.x, labels=self.held_out.labels)

    def update_average(self, step: int) -> None:
        """Move the average of the weights toward the weights, where one is kept."""
        if self.average is not None:
            update_average(self.average, self.model, decay=self.recipe.training.averaging, step=step)

    def judge(self, loss: float) -> None:
        """By a held-out loss, keep the best weights so far, and stop when it has not fallen for long enough."""
        config = self.recipe.training
        is_best = self.counters.judge(loss, patience=config.patience, steps=config.steps)
        if is_best and self.best is not None:
            self.best.load_state_dict(self.current.state_dict())

    def begin(self, *, overwrite: bool) -> None:
        """Take the place of what was there, where that is to be replaced, and keep the state before the first step.

        Raises:
            OutputError: another run has begun here, the disk is full, or the place cannot be written.
        """
        self.store.begin(overwrite=overwrite)
        self.save()

    def go_on(self) -> None:
        """Go on from the last saved state, perhaps to another number of steps.

        Raises:
            CheckpointError: it is damaged, was saved by another version, or belongs to another run.
            OutputError: the disk is full, or the place cannot be written.
        """
        document, tensors = self.store.read_state()
        # All processes must have read it before one writes another.
        self.accelerator.wait_for_everyone()
        recorded = RecordedRun.of(document, place=str(self.store))
        recorded.check_settings(self.identity["recipe"], seed=self.seed, purpose=self.purpose)
        recorded.check_data(
            self.summary, source=self.recipe.data, start=self.start_fingerprint, first_stage=self.given_first_stage
        )
        notices = [check_resumed(self.recipe.training, self.model, recorded, now=self.accelerator.num_processes)]
        self.start_fingerprint, self.given_first_stage = recorded.start, recorded.first_stage
        self.purpose = self.purpose or recorded.purpose
        # What `auto` meant when the run was begun, whatever this machine would choose now.
        self.precision = "bf16" if recorded.precision == "bf16" else "float32" if recorded.precision else self.precision
        self._take(document, tensors)
        self._examples.forget()
        self.store.clear_unfinished()
        if recorded.recipe != self.identity["recipe"]:
            notices.append(recorded.steps_notice(self.recipe.training.steps))
            self.save()
        for notice in filter(None, notices):
            self.observer.notify(notice)
        if not self.finished:
            # A model of fewer steps is not that of the run as it goes on; the state has its weights.
            self.store.drop_model()

    def save(self) -> None:
        """Keep the state to go on from.

        Raises:
            OutputError: the disk is full, or the place cannot be written; the state before is untouched.
        """
        tensors = {
            f"{name}.{key}": value
            for name, module in self._modules().items()
            for key, value in module.state_dict().items()
        }
        tensors |= {f"optimizer.{key}": value for key, value in self.descent.moments().items()}
        document = {
            "format_version": FORMAT_VERSION,
            "counters": asdict(self.counters),
            "identity": self.identity,
            "header": asdict(self.header()),
            **({} if self.purpose is None else {"purpose": self.purpose}),
        }
        self.store.save_state(document, whole_to_keep(tensors, kept=self.store.keeps_states))
        self.saved_step = self.counters.step
        self.accelerator.wait_for_everyone()

    def restore(self) -> None:
        """Put everything back to the last saved state.

        Raises:
            CheckpointError: it is damaged, or was saved by another version.
        """
        self._take(*self.store.read_state())

    def header(self) -> Header:
        """The header of a file with the model as the run would make it now, and how it was trained."""
        counters, steps = self.counters, self.recipe.training.steps
        row = kept_row(counters.rows, best=self.best is not None)
        losses = [row.validation_loss for row in counters.rows if row.validation_loss is not None]
        return Header(
            model=dump(self.model_config, CATALOGUES),
            batch_size=self._statistics_batch,
            data=self.summary,
            recipe=self.identity["recipe"],
            training={
                "seed": self.seed,
                "steps": counters.step,
                **({} if self.finished else {"planned_steps": steps}),
                "kept_step": counters.step if row is None or self.best is None else row.step,
                "seconds": round(counters.seconds, 1),
                "validation_loss": None if row is None else row.validation_loss,
                "lowest_validation_loss": min(losses, default=None),
                "loss_was_not_finite_at": counters.fell_at,
                "device": self.device.type,
                "torch": torch.__version__,
                "precision": self.precision,
                **({} if self.start_fingerprint is None else {"start": self.start_fingerprint}),
                **({} if self.given_first_stage is None else {"first_stage": self.given_first_stage}),
                **sharing_record(self.recipe.training, self.model, num_processes=self.accelerator.num_processes),
            },
        )

    @property
    def identity(self) -> dict[str, Any]:
        """What tells this run from another."""
        return {
            "seed": self.seed,
            "data": self.summary["fingerprint"],
            "recipe": dump(self.recipe, CATALOGUES),
            **({"labels": self.summary["labels"]} if "labels" in self.summary else {}),
            **({} if self.start_fingerprint is None else {"start": self.start_fingerprint}),
            **({} if self.given_first_stage is None else {"first_stage": self.given_first_stage}),
        }

    def _take(self, document: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
        """Become what a saved state holds."""
        for name, module in self._modules().items():
            take_whole_state(module, _under(f"{name}.", tensors))
        self.descent.restore(_under("optimizer.", tensors))
        self.counters = Counters.of(document["counters"])
        self.saved_step = self.counters.step

    def _modules(self) -> dict[str, nn.Module]:
        kept = {"model": self.model, "average": self.average, "best": self.best}
        return {name: module for name, module in kept.items() if module is not None}


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
