"""A look at held-out images: the loss, and a picture of what the model makes of them."""

__all__ = ["Look", "Validation"]

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from copyist.data.examples import ExampleSet
from copyist.drawing.grids import rows, write_png
from copyist.models.contracts import Model
from copyist.models.in_batches import batches
from copyist.objectives.base import Objective
from copyist.randomness import generator

_SHOWN = 8
"""Images in a picture."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """What held-out images say."""

    loss: float
    """Mean of the objective."""

    measures: dict[str, float]
    """Means of what else the objective measures, by name."""


class Validation:
    """The same images and the same draws at every look, in batches of the training's size."""

    def __init__(self, images: ExampleSet, *, count: int, batch_size: int, seed: int, device: torch.device) -> None:
        self.x = images.examples(0, count).to(device)
        labels = images.labels
        self.labels = None if labels is None else torch.from_numpy(np.array(labels[:count])).to(device)
        self.batch_size = batch_size
        self.seed = seed

    @torch.no_grad()
    def look(self, model: Model, objective: Objective) -> Look:
        """Means of the objective, and of what it measures, over the images."""
        chosen = batches(len(self.x), batch_size=self.batch_size, fill=model.uses_batch_statistics)
        total, measured = 0.0, dict[str, float]()
        for number, (indices, count) in enumerate(chosen):
            draws = generator(self.seed, "validation", number)
            rows = indices.to(self.x.device)
            labels = None if self.labels is None else self.labels[rows]
            total += count * float(objective(model, self.x[rows], generator=draws, labels=labels))
            for name, value in objective.measures(model, self.x[rows], generator=draws, labels=labels).items():
                measured[name] = measured.get(name, 0.0) + count * value
        means = {name: value / len(self.x) for name, value in measured.items()}
        return Look(loss=total / len(self.x), measures=means)

    @torch.no_grad()
    def picture(self, model: Model, objective: Objective, path: Path) -> None:
        """Write the rows by which the objective shows how far the model is.

        Raises:
            OutputError: the disk is full, or the place cannot be written.
        """
        shown = objective.pictures(model, self.x[: self.batch_size], generator=generator(self.seed, "picture"))
        write_png(path, rows({name: batch[:_SHOWN].float().cpu() for name, batch in shown.items()}))
