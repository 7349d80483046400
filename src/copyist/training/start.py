"""Where the weights of a run start: drawn from its seed, or those of a model trained before where the names agree."""

__all__ = ["InitialWeights", "build_model"]

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, final

import torch
from torch import Tensor

from copyist.checkpoint import (
    MODEL_CATALOGUES,
    check_model,
    classes_of,
    model_file,
    read_model,
    sum_of_tensors,
    unfinished,
)
from copyist.data.examples import ExampleSet
from copyist.errors import CheckpointError
from copyist.memory import check_memory
from copyist.models.contracts import Model, ModelConfig, TrainedOn
from copyist.models.weights import check_weights
from copyist.randomness import derive
from copyist.settings import dump
from copyist.training.config import CATALOGUES, Recipe


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class InitialWeights:
    """The weights of a model file."""

    path: Path

    settings: dict[str, Any]
    """The kind and config of its model."""

    columns: tuple[str, ...]
    """Of the table it was trained on; empty for images."""

    classes: tuple[str, ...] | None
    """That its model was trained to tell apart, in the order of their numbers; None where it learned none."""

    tensors: dict[str, Tensor]

    notice: str | None
    """A sentence, where they are of a run that is not finished."""

    fingerprint: str
    """A sum of the weights: equal weights, equal fingerprint, wherever the file lies."""

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Take the weights from a model file, or from the one in a run's folder.

        Raises:
            CheckpointError: the file is missing, damaged, or no model.
        """
        file = model_file(path)
        header, tensors = read_model(file)
        check_model(file, header)
        columns = tuple(map(str, header.data.get("columns", ())))
        return cls(
            path=file,
            settings=header.model,
            columns=columns,
            classes=classes_of(file, header.data),
            tensors=tensors,
            notice=unfinished(file, header),
            fingerprint=sum_of_tensors(tensors),
        )

    @torch.no_grad()
    def hand_over(self, model: Model) -> None:
        """Put each weight into `model` where it has one of the same name; its others stay, and so do those left here.

        Raises:
            CheckpointError: there is no such weight, or one has another shape in `model`.
            ShapeError: both were made for tables, of other columns.
        """
        if self.columns and model.takes_tables:
            model.check_columns(self.columns)
        weights = model.state_dict()
        # What is measured on data is measured anew at the end, on the data of this run.
        shared = sorted(weights.keys() & self.tensors.keys() - set(model.measured))
        if not shared:
            raise CheckpointError(
                f"{self.path} holds a {self.settings.get('kind')}, which shares no weights with a "
                f"{type(model).__name__}; start from a model that does, as a vit-classifier from a masked-vit"
            )
        for name in shared:
            if weights[name].shape != self.tensors[name].shape:
                raise CheckpointError(
                    f"{self.path} has {name} of shape {tuple(self.tensors[name].shape)}, and the model to train "
                    f"{tuple(weights[name].shape)}; {self._remedy(model)}"
                )
        for name in shared:
            weights[name].copy_(self.tensors[name])

    def _remedy(self, model: Model) -> str:
        """Which settings would make the shapes agree."""
        ours = dump(model.config, MODEL_CATALOGUES)
        sizes = {name: value for name, value in self.settings.items() if name in ours and type(value) is int}
        differing = [f"--set model.{name}={value}" for name, value in sizes.items() if ours[name] != value]
        return f"add {' '.join(differing)}" if differing else "train on images of the same shape"


def build_model(
    config: ModelConfig,
    recipe: Recipe,
    examples: ExampleSet,
    *,
    seed: int,
    start: InitialWeights | None,
    device: torch.device,
    statistics_batch: int | None = None,
) -> Model:
    """The model of a recipe before its first step, on the device, with its frozen weights marked.

    Args:
        config: the recipe's, fitted to the examples.
        recipe: what is trained, and how.
        examples: that are trained on.
        seed: of the weights.
        start: weights that are taken over, wherever the names agree.
        device: where it is trained.
        statistics_batch: how many examples are normalized together, where the model normalizes by the batch; None for
            a whole batch.

    Raises:
        ContractError: the objective does not train models of this kind.
        ArgumentError: the model, or a batch, does not fit into memory.
        CheckpointError, ShapeError: the weights to start from do not fit.
    """
    check_weights(config)
    size, values = recipe.training.batch_size, math.prod(examples.shape)
    # The batch, its copy, and what the copy is compared with.
    check_memory(3 * 4 * size * values, f"a batch of {size} examples", remedy="take smaller ones (--set batch_size=64)")
    # Weights are drawn from torch's global generator, which is left as it was found.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(seed, "weights"))
        model = config.build()
    model.trained_on = TrainedOn(
        batch_size=statistics_batch or recipe.training.batch_size,
        image_shape=None if examples.is_table else examples.image_shape,
        columns=examples.columns,
        classes=examples.classes if recipe.objective.uses_labels else None,
        source=examples.source,
        fingerprint=examples.fingerprint,
        objective=str(dump(recipe, CATALOGUES)["objective"].get("kind", "")),
    )
    if start is not None:
        start.hand_over(model)
    recipe.objective.check_model(model)
    for weight in recipe.objective.frozen_weights(model):
        weight.requires_grad_(False)
    if recipe.training.channels_last:
        model = model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    return model.to(device)
