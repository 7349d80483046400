"""Validation on held-out images: the loss, the objective's other measures, and pictures."""

__all__ = ["HeldOut", "HeldOutLosses"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import torch

from copyist.data.examples import ExampleSet
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

    A look only measures: it leaves the model, its mode included, as it was.
    """

    def __init__(self, images: ExampleSet, *, count: int, batch_size: int, seed: int, device: torch.device) -> None:
        self.x = images.examples(0, count).to(device)
        labels = images.labels
        self.labels = None if labels is None else torch.from_numpy(np.array(labels[:count])).to(device)
        self.batch_size = batch_size
        self.seed = seed

    @torch.no_grad()
    def measure(self, model: Model, objective: Objective) -> HeldOutLosses:
        """Means of the objective, and of what it measures, over the images."""
        chosen = batch_indices(len(self.x), batch_size=self.batch_size, fill=model.uses_batch_statistics)
        total, measured = 0.0, dict[str, float]()
        with evaluation_mode(model):
            for number, (indices, count) in enumerate(chosen):
                draws = generator(self.seed, "validation", number)
                rows = indices.to(self.x.device)
                labels = None if self.labels is None else self.labels[rows]
                total += count * float(objective(model, self.x[rows], generator=draws, labels=labels))
                for name, value in objective.measures(model, self.x[rows], generator=draws, labels=labels).items():
                    measured[name] = measured.get(name, 0.0) + count * value
        means = {name: value / len(self.x) for name, value in measured.items()}
        return HeldOutLosses(loss=total / len(self.x), measures=means)

    @torch.no_grad()
    def pictures(self, model: Model, objective: Objective) -> Mapping[str, Images]:
        """The objective's rows of pictures, by their names: a few images each, on the CPU."""
        with evaluation_mode(model):
            shown = objective.pictures(model, self.x[: self.batch_size], generator=generator(self.seed, "picture"))
        return {name: batch[:_SHOWN].float().cpu() for name, batch in shown.items()}
