"""A look at held-out images: the loss, and a picture of the copies."""

__all__ = ["Validation"]

from pathlib import Path

import numpy as np
import torch

from copyist.corruption import Blend
from copyist.data.base import ImageSet
from copyist.data.grids import rows, write_png
from copyist.models.base import Model, Reconstructor
from copyist.models.batches import batches, in_batches
from copyist.objectives.base import Objective
from copyist.randomness import generator

_SHOWN = 8
"""Images in a picture."""

_ALPHA = 0.3
"""Share of the image in the noisy row of a picture."""


class Validation:
    """The same images and the same draws at every look, in batches of the training's size."""

    def __init__(self, images: ImageSet, *, count: int, batch_size: int, seed: int, device: torch.device) -> None:
        self.x = images.images(0, count).to(device)
        labels = images.labels
        self.labels = None if labels is None else torch.from_numpy(np.array(labels[:count])).to(device)
        self.batch_size = batch_size
        self.seed = seed

    @torch.no_grad()
    def loss(self, model: Model, objective: Objective) -> float:
        """Mean of the objective over the images."""
        chosen = batches(len(self.x), batch_size=self.batch_size, fill=model.uses_batch_statistics)
        total = 0.0
        for number, (indices, count) in enumerate(chosen):
            draws = generator(self.seed, "validation", number)
            rows = indices.to(self.x.device)
            labels = None if self.labels is None else self.labels[rows]
            total += count * float(objective(model, self.x[rows], generator=draws, labels=labels))
        return total / len(self.x)

    @torch.no_grad()
    def picture(self, model: Reconstructor, path: Path) -> None:
        """Write rows of images, copies, the images in noise, and what the model makes of those.

        Raises:
            OutputError: the disk is full, or the place cannot be written.
        """
        x = self.x[: self.batch_size]
        x_tilde = Blend(alpha=_ALPHA)(x, generator=generator(self.seed, "picture"))
        shown = {
            "image": x,
            "copy": in_batches(model, model, x, batch_size=self.batch_size),
            f"noisy, α = {_ALPHA}": x_tilde,
            "its copy": in_batches(model, model, x_tilde, batch_size=self.batch_size),
        }
        write_png(path, rows({name: batch[:_SHOWN].float().cpu() for name, batch in shown.items()}))
