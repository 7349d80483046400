"""Everything one run holds while it goes on, and how it starts and ends."""

__all__ = ["CATALOGUES", "TrainingState"]

import contextlib
import copy
from pathlib import Path
from typing import Any, cast

import torch
from accelerate import Accelerator
from torch import nn

from copyist import checkpoint
from copyist.corruption import CORRUPTIONS, Corruption
from copyist.data import Batches, open_source
from copyist.data.examples import ExampleSet, Splits
from copyist.data.scaling import Scaling
from copyist.devices import keep_freed_memory
from copyist.models.catalogue import MODELS
from copyist.models.contracts import Model, ModelConfig, Pretrainable, Stack, TrainedOn, needs
from copyist.objectives import OBJECTIVES, Objective, ObjectiveLoss
from copyist.randomness import derive
from copyist.settings import Catalogues, dump
from copyist.training.averaging import update_average
from copyist.training.config import Recipe
from copyist.training.layerwise import layer_recipes
from copyist.training.observer import Observer
from copyist.training.optimization import build_optimizer
from copyist.training.place import STATE, check_place, clear, clear_parts
from copyist.training.provenance import described
from copyist.training.start import InitialWeights
from copyist.training.state import Counters, restore, save
from copyist.training.validation import Validation

CATALOGUES: Catalogues = {ModelConfig: MODELS, Objective: OBJECTIVES, Corruption: CORRUPTIONS}
"""The classes that may stand in a recipe, by name."""


class TrainingState:
    """Data, model, optimizer and counters of one run, ready for its next step."""

    def __init__(
        self,
        recipe: Recipe,
        folder: Path,
        *,
        seed: int,
        resume: bool,
        overwrite: bool,
        observer: Observer,
        splits: Splits | None = None,
        start: InitialWeights | None = None,
    ) -> None:
        self.recipe, self.folder, self.seed, self.observer = recipe, folder, seed, observer
        self.start = start
        config = recipe.training
        self.accelerator = Accelerator()
        self.device = self.accelerator.device
        # The one setting of the process that training does not put back; it changes no value.
        if self.device.type == "cpu":
            keep_freed_memory()
        # Of several processes only one writes, and the others must not mistake what it wrote for an older run.
        if not resume and self.accelerator.is_main_process:
            check_place(folder, overwrite=overwrite)
        self.splits = splits or open_source(recipe.data, say=observer.said, progress=observer.reading)
        self._fit()
        self.feed = Batches(
            self._as_learned(self.splits.train),
            batch_size=config.batch_size,
            seed=seed,
            flip=config.flip,
            device=self.device,
            rank=self.accelerator.process_index,
            world_size=self.accelerator.num_processes,
        )
        self.validation = Validation(
            self._looked_at(self.splits.test),
            count=config.validation_images,
            batch_size=config.batch_size,
            seed=seed,
            device=self.device,
        )
        if not resume:
            self._check()
        self.counters = self._resumed() if resume else self._begun(overwrite=overwrite)

    @property
    def state_file(self) -> Path:
        """What the run is resumed from."""
        return self.folder / STATE

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

    def start_from(self, pretrained: Model) -> None:
        """Before the first step, take over the layers of a pretrained stack; a resumed run has them already.

        Raises:
            ContractError: this model has no such layers, or `pretrained` is no stack.
            OutputError: the disk is full, or the place cannot be written.
        """
        if self.counters.step:
            return
        stack = needs(pretrained, Stack, verb="pretraining")
        for model in (self.model, self.average, self.best):
            if model is not None:
                needs(model, Pretrainable, verb="pretraining").start_from(stack)
        # What goes back to the start must not go back to before it.
        self.save()

    def synchronized(self, *, last: bool) -> contextlib.AbstractContextManager[Any]:
        """A context in which devices exchange gradients only after the last batch of a step."""
        return contextlib.nullcontext() if last else self.accelerator.no_sync(self.loss)

    def update_average(self, step: int) -> None:
        """Move the average of the weights toward the weights, where one is kept."""
        if self.average is not None:
            update_average(self.average, self.model, decay=self.recipe.training.averaging, step=step)

    def save(self) -> None:
        """Write the state to resume from.

        Raises:
            OutputError: the disk is full, or the place cannot be written; the state before is untouched.
        """
        if self.accelerator.is_main_process:
            save(self.state_file, self.counters, self._modules(), self.optimizer, self.identity)
        self.accelerator.wait_for_everyone()

    def restore(self) -> Counters:
        """Put everything but the counters back to the last saved state, and return the counters saved with it.

        Raises:
            CheckpointError: there is no state, it is damaged, or it belongs to another run.
        """
        return restore(self.state_file, self._modules(), self.optimizer, self.identity)

    def write_model(self) -> None:
        """Write the model file: the best weights, their average, or the last ones, as the recipe has it.

        Raises:
            OutputError: the disk is full, or the place cannot be written.
        """
        config, counters = self.recipe.training, self.counters
        losses = [row.validation_loss for row in counters.rows if row.validation_loss is not None]
        header = checkpoint.Header(
            model=dump(self.model_config, CATALOGUES),
            batch_size=config.batch_size,
            data=self.data,
            recipe=self.identity["recipe"],
            training={
                "seed": self.seed,
                "steps": counters.step,
                "seconds": round(counters.seconds, 1),
                "validation_loss": losses[-1] if losses else None,
                "lowest_validation_loss": min(losses, default=None),
                "loss_was_not_finite_at": counters.fell_at,
                "device": self.device.type,
                "torch": torch.__version__,
                **({} if self.start is None else {"start": self.start.fingerprint}),
            },
        )
        if self.accelerator.is_main_process:
            checkpoint.save(self.folder / "model.safetensors", self._as_used(self.result), header)

    def _as_learned(self, examples: ExampleSet) -> ExampleSet:
        return examples if self.scaling is None else self.scaling.standardized_set(examples)

    def _looked_at(self, examples: ExampleSet) -> ExampleSet:
        """Held-out examples, and not the first ones: data is often sorted by class."""
        return self._as_learned(examples.subset(self.recipe.training.validation_images))

    def _as_used(self, model: Model) -> Model:
        """The model that is written: of a table, one that takes and gives it in its own units."""
        if self.scaling is None:
            return model
        used = copy.deepcopy(model)
        used.measured_on(self.splits.train.examples())
        return used

    def _fit(self) -> None:
        """The model, in the shape of the data, and what tells this run from others."""
        recipe, train = self.recipe, self.splits.train
        num_classes = self.splits.num_classes() if recipe.objective.uses_labels else None
        self.model_config = recipe.model.fitted(train.shape)
        if num_classes is not None:
            self.model_config = self.model_config.with_classes(num_classes)
        # A table is learned in standard deviations, and the model that is written has its own units again.
        self.scaling = Scaling.of(train) if train.is_table else None
        self._build()
        self.data = described(recipe.data, self.splits, self.scaling, num_classes=num_classes)
        self.identity: dict[str, Any] = {
            "seed": self.seed,
            "data": self.data["fingerprint"],
            "recipe": dump(recipe, CATALOGUES),
        }
        if num_classes is not None:
            self.identity["labels"] = self.data["labels"]
        if self.start is not None:
            self.identity["start"] = self.start.fingerprint

    def _build(self) -> None:
        config = self.recipe.training
        # Weights are drawn from torch's global generator, which is left as it was found.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive(self.seed, "weights"))
            model = self.model_config.build()
        images = self.splits.train
        model.trained_on = TrainedOn(
            batch_size=config.batch_size,
            image_shape=None if images.is_table else images.image_shape,
            columns=images.columns,
        )
        if self.start is not None:
            self.start.hand_over(model)
        self.recipe.objective.check_model(model)
        for weight in self.recipe.objective.frozen(model):
            weight.requires_grad_(False)
        if config.channels_last:
            model = model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.model: Model = model.to(self.device).train()
        self.average = copy.deepcopy(self.model) if config.averaging > 0 else None
        self.best = copy.deepcopy(self.model) if config.patience > 0 else None
        if config.compile:
            self.model.compile()  # pyright: ignore[reportUnknownMemberType]
        loss = ObjectiveLoss(self.recipe.objective, self.model)
        prepared = self.accelerator.prepare(loss, build_optimizer(self.model, config.optimization))
        self.loss, self.optimizer = cast("tuple[nn.Module, torch.optim.Optimizer]", prepared)

    def _check(self) -> None:
        """Before anything is written, let the objective refuse the data, and those of layers to come theirs."""
        shown, labels = self.validation.x, self.validation.labels
        self.recipe.objective.check_data(self.model, shown, labels=labels)
        for recipe in layer_recipes(self.recipe):
            with torch.random.fork_rng(devices=[]):
                model = recipe.model.fitted(self.splits.train.shape).build().to(self.device)
            recipe.objective.check_model(model)
            recipe.objective.check_data(model, shown)

    def _modules(self) -> dict[str, nn.Module]:
        kept = {"model": self.model, "average": self.average, "best": self.best}
        return {name: module for name, module in kept.items() if module is not None}

    def _begun(self, *, overwrite: bool) -> Counters:
        if overwrite and self.accelerator.is_main_process:
            clear(self.folder)
        self.counters = Counters()
        self.save()
        return self.counters

    def _resumed(self) -> Counters:
        counters = self.restore()
        if self.accelerator.is_main_process:
            clear_parts(self.folder)
        return counters
