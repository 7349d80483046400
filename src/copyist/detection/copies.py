"""Examples with what a model makes of them, each computed once and shared by all measures that ask for it."""

__all__ = ["Copies", "at_least_float32", "examples_at_once"]

import functools
import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast, final

import torch
from torch import Tensor

from copyist.detection.no_model import NoModel
from copyist.models.contracts import Autoencoder, Model, Reconstructor, needs
from copyist.models.in_batches import in_batches
from copyist.procedures.layers import OUTPUT, represent_all
from copyist.tensors import Codes, Examples, Rows

_T = TypeVar("_T")

_ROWS = 2048
"""Of a table that are seen at once, where it makes no difference to the answers."""


@final
@dataclass(frozen=True, eq=False)
class Copies:
    """A batch, and what a model makes of it, computed when it is first asked for."""

    model: Reconstructor | NoModel
    """In evaluation mode."""

    x: Examples
    """(B, ...), on the model's device; rows in the units of the model."""

    batch_size: int | None = None
    """Examples that the model sees at once; None takes what `examples_at_once` says."""

    drawn: dict[Hashable, Tensor] = field(default_factory=dict[Hashable, Tensor], repr=False)
    """What measures draw from fixed seeds, by key: the same for every batch of examples of this shape."""

    _layers: dict[str, Tensor] = field(default_factory=dict[str, Tensor], init=False, repr=False)
    """What was asked of layers, by name."""

    _remembered: dict[Hashable, tuple[object, object]] = field(
        default_factory=dict[Hashable, tuple[object, object]], init=False, repr=False
    )
    """What measures made of the batch, by key, each beside what it was made with."""

    def remember(self, key: Hashable, make: Callable[[], _T], *, of: object = None) -> _T:
        """What `make` gave when it was last called for this key: an anomaly and its place come from one heat.

        Args:
            key: tells what is made.
            make: makes it.
            of: what it is made with beside the batch, such as a statistic: with another object than the last time it is
                made anew.
        """
        known, found = self._remembered.get(key, (None, None))
        if key not in self._remembered or known is not of:
            found = make()
            self._remembered[key] = (of, found)
        return cast("_T", found)

    def draw(self, key: Hashable, make: Callable[[], Tensor]) -> Tensor:
        """What `make` draws from a fixed seed, once for this key; a program that is made of a measure holds it."""
        if key not in self.drawn:
            self.drawn[key] = make()
        return self.drawn[key]

    def in_parts(self) -> Iterator["Copies"]:
        """The same batch in parts of as many examples as the model sees at once."""
        for part in self.x.split(examples_at_once(self.model, self.batch_size)):
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
            rows = in_batches(self.model, side_by_side, self.x, batch_size=self._at_once)
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
            return self._copy(self._copier, self.x)

    @functools.cached_property
    def z(self) -> Codes:
        """E(x), (B, ...).

        Raises:
            ContractError: the model has no code.
        """
        model = needs(self.model, Autoencoder, verb="detect by codes")
        with torch.no_grad():
            return at_least_float32(in_batches(model, model.encode, self.x, batch_size=self._at_once))

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
            x = self.model.restored(rows.view(rows.shape[0], *self.x.shape[1:]))
            return self._as_rows(self._copy(self._copier, x))

    @property
    def _copier(self) -> Reconstructor:
        return needs(self.model, Reconstructor, verb="this measure of anomaly")

    @property
    def _at_once(self) -> int:
        return examples_at_once(self.model, self.batch_size)

    def _copy(self, function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        return at_least_float32(in_batches(self.model, function, x, batch_size=self._at_once))

    def _as_rows(self, x: Examples) -> Rows:
        with torch.no_grad():
            return at_least_float32(self.model.standardized(x)).flatten(1)


def examples_at_once(model: Model, batch_size: int | None = None) -> int:
    """How many examples are seen at once: so many as are asked for, or as the model was trained on; of a table,
    where answers do not depend on the batch, 2048 at least, since batches as small as those of training are slow."""
    if batch_size is not None:
        return max(1, batch_size)
    is_free = model.takes_tables and not model.uses_batch_statistics
    return max(model.batch_size, _ROWS) if is_free else model.batch_size


def at_least_float32(x: Tensor) -> Tensor:
    """In float32 at least; in float64 where the model computes in that, or a column of a table needs it."""
    return x.to(torch.promote_types(x.dtype, torch.float32))
