"""The state of a run: its model, data, optimizer and counters, as the next step finds them."""

__all__ = ["TrainingState"]

import contextlib
import copy
from collections.abc import Mapping
from typing import Any, final

import torch
from torch import nn

from copyist.checkpoint import sum_of_tensors
from copyist.data import Batches
from copyist.data.splits import Splits
from copyist.devices import Precision, keep_freed_memory, meet, resolve_for_all
from copyist.models.contracts import Autoencoder, Model, ModelConfig, needs
from copyist.models.latent_diffusion import LatentDiffusion
from copyist.nn.norm import share_statistics
from copyist.training.config import Recipe
from copyist.training.counters import Counters
from copyist.training.descent import Descent
from copyist.training.fitted_config import fitted_config
from copyist.training.held_out import HeldOut
from copyist.training.history import Observer
from copyist.training.learned import LearnedExamples
from copyist.training.optimization import update_average
from copyist.training.processes import statistics_batch
from copyist.training.run_data import RunData
from copyist.training.sharding import Divided, DividedModels, lent_layers
from copyist.training.start import InitialWeights, build_model
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
        self.accelerator = meet()
        self.device = self.accelerator.device
        self.precision: Precision = resolve_for_all(config.precision, self.device)
        # The one setting of the process that training does not put back; it changes no value.
        if self.device.type == "cpu":
            keep_freed_memory()
        if recipe.objective.uses_labels and start is not None:
            # The head that is taken over knows classes by its own numbers.
            splits = splits.with_classes(start.classes)
        num_classes = splits.num_classes() if recipe.objective.uses_labels else None
        self.model_config: ModelConfig = fitted_config(recipe, splits.train.shape)
        if num_classes is not None:
            self.model_config = self.model_config.with_classes(num_classes)
        self.data = RunData.of(splits, num_classes=num_classes, unit=self.model_config.unit, trimmed=config.trimmed)
        self.summary = self.data.summary()
        world_size = self.accelerator.num_processes
        sharded = world_size > 1 and config.sharding == "full"
        self.statistics_batch = statistics_batch(config, num_processes=world_size)
        self.model = build_model(
            self.model_config,
            recipe,
            splits.train,
            seed=seed,
            start=start,
            # From where the parts go to the devices: they need no room for the whole while it is trained.
            device=torch.device("cpu") if sharded else self.device,
            statistics_batch=self.statistics_batch,
        ).train()
        self.average = copy.deepcopy(self.model) if config.averaging > 0 else None
        self.best = copy.deepcopy(self.model) if config.patience > 0 else None
        if world_size > 1 and config.batch_statistics == "synchronized":
            share_statistics(self.model)
        if config.compile:
            self.model.compile()  # pyright: ignore[reportUnknownMemberType]
        self.descent = Descent(
            recipe.objective, self.model, config.optimization, accelerator=self.accelerator, sharded=sharded
        )
        self._divided = DividedModels()
        if self.descent.divided is not None:
            self._divided.add(self.model, self.descent.divided)
            for model in (self.average, self.best):
                if model is not None:
                    divided = Divided(
                        model, device=self.device, world_size=world_size, lent=lent_layers(model, recipe.objective)
                    )
                    self._divided.add(model, divided)
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

    def divides(self, model: Model) -> bool:
        """Whether processes divide the weights of a model of the run."""
        return model in self._divided

    def gathered(self, model: Model) -> contextlib.AbstractContextManager[Any]:
        """Context manager: a model of the run may be called, also where processes divide it; then all must call it."""
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

    def modules(self) -> dict[str, nn.Module]:
        """What has weights that a saved state holds, by the name it has there."""
        kept = {"model": self.model, "average": self.average, "best": self.best}
        return {name: module for name, module in kept.items() if module is not None}

    def draw_again(self) -> None:
        """Forget the examples drawn so far: the next step draws those of its own number."""
        self._examples.forget()
