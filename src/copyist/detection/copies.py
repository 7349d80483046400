"""Examples with what a model makes of them, each computed once and shared by all measures that ask for it."""

__all__ = ["Copies", "widened"]

import functools
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from copyist.models.contracts import Autoencoder, Reconstructor, needs
from copyist.models.in_batches import in_batches
from copyist.tensors import Codes, Examples


@final
@dataclass(frozen=True, eq=False)
class Copies:
    """A batch, and what a model makes of it, computed when it is first asked for."""

    model: Reconstructor
    """In evaluation mode."""

    x: Examples
    """(B, ...), on the model's device; rows in the units of the model."""

    batch_size: int | None = None
    """Examples that the model sees at once; None takes the model's own."""

    @functools.cached_property
    def x_hat(self) -> Examples:
        """D(E(x)), (B, ...)."""
        with torch.no_grad():
            if isinstance(self.model, Autoencoder):
                return widened(in_batches(self.model, self.model.decode, self.z, batch_size=self.batch_size))
            return widened(in_batches(self.model, self.model, self.x, batch_size=self.batch_size))

    @functools.cached_property
    def z(self) -> Codes:
        """E(x), (B, ...).

        Raises:
            ContractError: the model has no code.
        """
        model = needs(self.model, Autoencoder, verb="detect by codes")
        with torch.no_grad():
            return widened(in_batches(model, model.encode, self.x, batch_size=self.batch_size))


def widened(x: Tensor) -> Tensor:
    """In float32, or in float64 where the model computes in that."""
    return x if x.dtype == torch.float64 else x.float()
