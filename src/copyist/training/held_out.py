"""Validation on held-out images: the loss, the objective's other measures, and pictures."""

__all__ = ["HeldOut", "HeldOutLosses"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import torch

from copyist.data.examples import ExampleSet
from copyist.devices import gather_batch, values_of_first
from copyist.models.contracts import Model
from copyist.models.in_batches import batch_indices, evaluation_mode
from copyist.objectives.base import Objective
from copyist.randomness import generator
from copyist.tensors import Images

_SHOWN = 8
"""Images in a picture."""


@final
@dataclass(frozen=True, kw_only=True)
class HeldOutLosses:
    """Means over the held-out images."""

    loss: float
    """Of the objective."""

    measures: dict[str, float]
    """Of what else the objective measures, by name."""


@final
class HeldOut:
    """The same images and random draws at every validation, in batches of the training's size.

    A look only measures: it leaves the model, its mode included, as it was. Processes that share a run take turns with
    the batches, and each gets the means over all.
    """

    def __init__(
        self,
        images: ExampleSet,
        *,
        count: int,
        batch_size: int,
        seed: int,
        device: torch.device,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self._rank, self._world_size = rank, world_size
        self.x = images.examples(0, count).to(device)
        labels = images.labels
        self.labels = None if labels is None else torch.from_numpy(np.array(labels[:count])).to(device)
        self.batch_size = batch_size
        self.seed = seed

    @torch.no_grad()
    def measure(self, model: Model, objective: Objective) -> HeldOutLosses:
        """Means of the objective, and of what it measures, over the images."""
        fill = model.uses_batch_statistics
        batches = batch_indices(len(self.x), batch_size=self.batch_size, fill=fill)
        # What else is measured is known from a batch of one's own.
        shared = self._world_size > 1 and len(batches) >= self._world_size
        first, every = (self._rank, self._world_size) if shared else (0, 1)
        per_process = -(-len(batches) // every)
        names, sums = list[str](), list[list[float]]()
        with evaluation_mode(model):
            # Processes that divide the weights must all call the model as often, the last batch once more if need be.
            for turn in range(per_process):
                number = min(first + turn * every, len(batches) - 1)
                indices, count = batches[number]
                draws = generator(self.seed, "validation", number)
                rows = indices.to(self.x.device)
                labels = None if self.labels is None else self.labels[rows]
                loss = float(objective(model, self.x[rows], generator=draws, labels=labels))
                found = objective.measures(model, self.x[rows], generator=draws, labels=labels)
                names = list(found)
                sums.append([count * value for value in (loss, *found.values())])
        if shared:
            sums = self._in_order(sums)[: len(batches)]
        # One after the other, as one process alone adds them.
        means = [sum(column) / len(self.x) for column in zip(*sums, strict=True)]
        # By which all keep the best weights, or stop.
        loss, *measures = values_of_first(means, device=self.x.device)
        return HeldOutLosses(loss=loss, measures=dict(zip(names, measures, strict=True)))

    def _in_order(self, sums: list[list[float]]) -> list[list[float]]:
        """The sums of all batches in their order, where each process has those of every so many-th one."""
        own = torch.tensor([sums], dtype=torch.float64, device=self.x.device)
        return gather_batch(own).transpose(0, 1).flatten(0, 1).tolist()

    @torch.no_grad()
    def pictures(self, model: Model, objective: Objective) -> Mapping[str, Images]:
        """The objective's rows of pictures, by their names: a few images each, on the CPU."""
        with evaluation_mode(model):
            shown = objective.pictures(model, self.x[: self.batch_size], generator=generator(self.seed, "picture"))
        return {name: batch[:_SHOWN].float().cpu() for name, batch in shown.items()}
