"""What an exported file computes beside what the model computes: nothing is written that differs."""

__all__ = ["TOLERANCE", "Case", "Run", "check_parity", "difference"]

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias, final

import torch
from torch import Tensor

from copyist.errors import ExportError
from copyist.export.part import Part
from copyist.export.tracing import NUM_TRACED, first_sentence

TOLERANCE = 1e-4
"""Of the largest value of an output, how far a value may be off."""

Run: TypeAlias = Callable[[Sequence[Tensor]], Sequence[Tensor]]
"""The exported file, run on inputs."""


@final
@dataclass(frozen=True, kw_only=True)
class Case:
    """One batch that a file was compared on."""

    batch: int
    shape: tuple[int, ...]
    """Of one example."""

    difference: float
    """The largest of all outputs, as a share of the largest value of its output."""

    def to_document(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def check_parity(
    part: Part, run: Run, *, layer_of: Callable[[Sequence[Tensor]], str] = lambda inputs: ""
) -> tuple[Case, ...]:
    """Compare a file with its model: at the batch size and shape it was exported at, at others, and on one example.

    Args:
        part: of the model.
        run: the file.
        layer_of: which layer is the first to differ on inputs on which the file does; empty where that is not known.

    Raises:
        ExportError: values differ by more than `TOLERANCE`, a label or p-value differs, or the file does not run.
    """
    shapes = [part.shape] * 3 + ([] if part.other_shape is None else [part.other_shape])
    batches = zip((NUM_TRACED, 7, 1, 2), shapes, strict=False)
    return tuple(_case(part, run, batch, shape, layer_of) for batch, shape in batches)


def difference(ours: Tensor, theirs: Tensor) -> float:
    """How far values lie from ours at most, as a share of the largest of ours, or of 1 where that is 0."""
    ours, theirs = ours.double(), theirs.double()
    scale = float(ours.abs().max()) or 1.0
    return float((ours - theirs).abs().max()) / scale


def _case(
    part: Part, run: Run, batch: int, shape: tuple[int, ...], layer_of: Callable[[Sequence[Tensor]], str]
) -> Case:
    inputs = part.draw(batch, shape)
    expected = part(inputs)
    where = f"a batch of {batch} of shape {shape}"
    try:
        found = run(inputs)
    except Exception as error:
        raise ExportError(
            f"the exported {part.name} must run on {where}, and fails: {first_sentence(error)}; nothing was written"
        ) from error
    decided = torch.ones(batch, dtype=torch.bool) if part.is_decided is None else part.is_decided(expected)
    largest = 0.0
    for value, ours, theirs in zip(part.outputs, expected, found, strict=True):
        if ours.shape != theirs.shape:
            raise ExportError(
                f"the exported {part.name} must give {value.name} of shape {tuple(ours.shape)} for {where}, got "
                f"{tuple(theirs.shape)}{_first(layer_of(inputs))}; nothing was written"
            )
        if value.is_decision:
            wrong = int((ours != theirs)[decided].sum())
            if wrong:
                raise ExportError(
                    f"the exported {part.name} must give the same {value.name} as the model, and {wrong} of {batch} "
                    f"differ{_first(layer_of(inputs))}; nothing was written"
                )
            continue
        off = difference(ours, theirs)
        if not off <= TOLERANCE:
            raise ExportError(
                f"the exported {part.name} must compute {value.name} as the model does, within {TOLERANCE:g} of its "
                f"largest value, and differs by {off:.2g} on {where}{_first(layer_of(inputs))}; "
                "nothing was written"
            )
        largest = max(largest, off)
    return Case(batch=batch, shape=shape, difference=largest)


def _first(layer: str) -> str:
    return f", first at the layer {layer}" if layer else ""
