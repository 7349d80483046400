"""What samplers of diffusion models call, and the states they go through."""

__all__ = ["Denoise", "Noise", "Solver", "State"]

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

from torch import Tensor

Denoise: TypeAlias = Callable[[Tensor, float], Tensor]
"""D(x; σ), the estimate (B, ...) of the clean examples, for noisy examples (B, ...) and their noise level."""

Noise: TypeAlias = Callable[[Tensor], Tensor]
"""Draws ε ~ N(0, I) of the shape, dtype and device of the tensor given."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class State:
    """Where a sampler is after a step."""

    x: Tensor
    """(B, ...), noisy examples of the noise level that the step led to; after the last the samples."""

    x_hat: Tensor
    """(B, ...), the estimate of the clean examples that the step began with."""


Solver: TypeAlias = Callable[[Denoise, Tensor, Sequence[float]], Iterator[State]]
"""Leads noisy examples of the first of some noise levels to the last: a state after each step."""
