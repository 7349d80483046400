"""Examples with what a model makes of them, each computed once and shared by all measures that ask for it."""

__all__ = ["Copies", "widened"]

import functools
import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, final

import torch
from torch import Tensor

from copyist.models.contracts import Autoencoder, Reconstructor, needs
from copyist.models.in_batches import in_batches
from copyist.procedures.layers import OUTPUT, represent_all
from copyist.tensors import Codes, Examples, Rows

_T = TypeVar("_T")


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

    _layers: dict[str, Tensor] = field(default_factory=dict[str, Tensor], init=False, repr=False)
    """What was asked of layers, by name."""

    _remembered: dict[Hashable, Any] = field(default_factory=dict[Hashable, Any], init=False, repr=False)
    """What measures made of the batch."""

    def remember(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """What `make` gives when it is first called for this key: an anomaly and its place come from one heat."""
        if key not in self._remembered:
            self._remembered[key] = make()
        return self._remembered[key]

    def in_parts(self) -> Iterator["Copies"]:
        """The same batch in parts of as many examples as the model sees at once."""
        size = self.batch_size or self.model.batch_size
        for part in self.x.split(size):
            yield Copies(self.model, part, batch_size=self.batch_size)

    def layers(self, names: Sequence[str]) -> tuple[Tensor, ...]:
        """What the model's layers make of the examples, (B, ...) each, and on the way D(E(x)).

        Raises:
            UnknownNameError: the model has no such layer.
            ContractError: the layer does not run, or gives no floats with one row per example.
        """
        missing = [name for name in dict.fromkeys((*names, OUTPUT)) if name not in self._layers]
        if any(name in missing for name in names):
            self._layers.update(self._run(missing))
        return tuple(self._layers[name] for name in names)

    def _run(self, names: Sequence[str]) -> dict[str, Tensor]:
        shapes: dict[str, tuple[int, ...]] = {}

        def side_by_side(x: Examples) -> Tensor:
            found = represent_all(self.model, x, names)
            shapes.update({name: tuple(h.shape[1:]) for name, h in found.items()})
            return torch.cat([h.float().flatten(1) for h in found.values()], 1)

        with torch.no_grad():
            rows = in_batches(self.model, side_by_side, self.x, batch_size=self.batch_size)
        parts = rows.split([math.prod(shape) for shape in shapes.values()], 1)
        return {name: part.reshape(-1, *shapes[name]) for name, part in zip(shapes, parts, strict=True)}

    @functools.cached_property
    def x_hat(self) -> Examples:
        """D(E(x)), (B, ...)."""
        if OUTPUT in self._layers:
            return self._layers[OUTPUT]
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
