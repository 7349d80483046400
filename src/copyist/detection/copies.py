"""Examples with what a model makes of them, each computed once and shared by all measures that ask for it."""

__all__ = ["Copies", "widened"]

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from copyist.models.contracts import Autoencoder, Reconstructor, needs
from copyist.models.in_batches import in_batches
from copyist.tensors import Codes, Examples, Rows


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
                return self._copy(self.model.decode, self.z)
            return self._copy(self.model, self.x)

    @functools.cached_property
    def z(self) -> Codes:
        """E(x), (B, ...).

        Raises:
            ContractError: the model has no code.
        """
        model = needs(self.model, Autoencoder, verb="detect by codes")
        with torch.no_grad():
            return widened(in_batches(model, model.encode, self.x, batch_size=self.batch_size))

    @functools.cached_property
    def row(self) -> Rows:
        """x as one row (B, N) each: columns of a table in the units of the model, pixels as they are."""
        return self._as_rows(self.x)

    @functools.cached_property
    def copied_row(self) -> Rows:
        """x̂ as one row (B, N) each, in the same units."""
        return self._as_rows(self.x_hat)

    def copied_row_of(self, rows: Rows) -> Rows:
        """The copies of other rows (B, N) in these units, such as those of `row` with noise."""
        with torch.no_grad():
            x = self.model.restored(rows.view(len(rows), *self.x.shape[1:]))
            return self._as_rows(self._copy(self.model, x))

    def _copy(self, function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        return widened(in_batches(self.model, function, x, batch_size=self.batch_size))

    def _as_rows(self, x: Examples) -> Rows:
        with torch.no_grad():
            return widened(self.model.standardized(x)).flatten(1)


def widened(x: Tensor) -> Tensor:
    """In float32 at least; in float64 where the model computes in that, or a column of a table needs it."""
    return x.to(torch.promote_types(x.dtype, torch.float32))
