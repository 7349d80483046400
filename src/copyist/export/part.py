"""A part of a model as a function of tensors with names, which is what leaves PyTorch."""

__all__ = ["Part", "Value"]

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn


@final
@dataclass(frozen=True, kw_only=True)
class Value:
    """An input or an output by its name."""

    name: str

    what: str
    """What it is, its shape, range and units, in one line."""

    is_decision: bool = False
    """Whether it is a label or a p-value, which is equal or wrong; other values may differ by rounding."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """A function of tensors, with its weights: what an exported file computes."""

    name: str
    """As `--part` calls it."""

    what: str
    """What it computes, in one line."""

    model: nn.Module
    """Holds the weights; in evaluation mode, on the CPU."""

    function: Callable[..., tuple[Tensor, ...]]
    """Of the inputs, tensors (B, ...); pure, and free of decisions that depend on values."""

    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]

    draw: Callable[[int, tuple[int, ...]], tuple[Tensor, ...]]
    """Inputs for a number of examples and the shape of one, (C, H, W) or (D,): the same for the same arguments."""

    shape: tuple[int, ...]
    """Of the example that it is exported at."""

    other_shape: tuple[int, ...] | None = None
    """Another that it takes; None where it takes no other."""

    is_decided: Callable[[Sequence[Tensor]], Tensor] | None = None
    """(B,), bool: of which examples the decisions do not hang on rounding, by the outputs; None for all."""

    def __call__(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """The outputs, by PyTorch, without gradients."""
        with torch.no_grad():
            return self.function(*inputs)
