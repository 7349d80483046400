"""The layer in which a file begins to compute something else than its model."""

__all__ = ["differing_layer"]

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor

from copyist.export.parity import TOLERANCE, Run, difference
from copyist.export.part import Part, Value
from copyist.export.tracing import watch_layers


def differing_layer(part: Part, inputs: Sequence[Tensor], build: Callable[[Part], Run]) -> str:
    """The name of the innermost layer that is running when values first differ by more than `TOLERANCE`.

    The part is built once more, with all that enters and leaves its layers as further outputs. What differs when a
    layer is entered was computed by the layer around it, and when it is left, by itself.

    Args:
        part: whose file differs.
        inputs: on which it does.
        build: makes the file of a part and runs it.

    Returns:
        As in `named_modules` of the model; empty where no layer differs, such as when the whole is translated rightly
        once its insides are outputs, or where the part cannot be built so.
    """
    names: list[str] = []
    expected = replace(part, function=_with_insides(part, names))(inputs)
    insides = tuple(Value(name=f"inside_{place}", what=f"of {name}") for place, name in enumerate(names))
    open_part = replace(part, function=_with_insides(part, []), outputs=(*part.outputs, *insides))
    try:
        found = build(open_part)(inputs)
    except Exception:  # The difference is what is reported, whatever becomes of the search for its layer.
        return ""
    if len(found) != len(expected):
        return ""
    first = len(part.outputs)
    for name, ours, theirs in zip(names, expected[first:], found[first:], strict=True):
        if ours.shape != theirs.shape or not difference(ours, theirs) <= TOLERANCE:
            return name.removeprefix("model.")
    return ""


def _with_insides(part: Part, names: list[str]) -> Callable[..., tuple[Tensor, ...]]:
    """The function of a part, with each tensor that enters or leaves a layer after its outputs; `names` takes the layer
    that was running."""

    def function(*inputs: Tensor) -> tuple[Tensor, ...]:
        running, seen = [""], list[Tensor]()

        def keep(values: Any) -> None:
            tensors = [x for x in (values if isinstance(values, tuple) else (values,)) if isinstance(x, Tensor)]
            # Layers may write over what they are given.
            seen.extend(x.clone() for x in tensors)
            names.extend(running[-1] for _ in tensors)

        def entering(name: str, given: Any) -> None:
            keep(given)
            running.append(name)

        def leaving(made: Any) -> None:
            keep(made)
            running.pop()

        with watch_layers(part.model, entering, leaving):
            outputs = part.function(*inputs)
        return (*outputs, *seen)

    return function
