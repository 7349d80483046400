"""The contract of sampling methods: a chain of images, or of rows, that begins with noise."""

__all__ = ["ApplyPart", "Method"]

import abc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import torch
from torch import Tensor

from copyist.models.contracts import Model, Reconstructor, needs
from copyist.tensors import Examples

ApplyPart: TypeAlias = Callable[[Callable[[Tensor], Tensor], Tensor], Tensor]
"""A part of the model, applied to (B, ...) in the model's batches and without gradients; the model itself copies."""


@dataclass(frozen=True, kw_only=True)
class Method(abc.ABC):
    """A sampling method: its settings, and a call that yields the states of the chain."""

    contract: ClassVar[type[Model]] = Reconstructor
    """What it asks of a model."""

    reads_residuals: ClassVar[bool] = False
    """Whether it uses the residual as a score, which half precision rounds too coarsely."""

    takes_tables: ClassVar[bool] = False
    """Whether it samples rows of a table as well as images."""

    @property
    def fewest(self) -> int:
        """How many samples at once it asks for, at least."""
        return 1

    @property
    @abc.abstractmethod
    def num_steps(self) -> int:
        """How many images of each sample the chain shows, at most."""

    def check(self, model: Model, shape: tuple[int, ...]) -> None:
        """Refuse, before the first step, a model that cannot go where the chain goes from examples of this shape.

        Raises:
            ContractError: the model does not keep the contract.
            ShapeError: the model does not take images of this shape, or of one that the chain comes to.
        """
        needs(model, self.contract, verb="sample").check_input(torch.zeros(()).expand(1, *shape))

    def shown(self, model: Model, state: Tensor, *, apply: ApplyPart) -> Examples:
        """The examples of a state of the chain: itself, unless the chain goes through a space of the model's own."""
        return state

    @abc.abstractmethod
    def __call__(
        self, model: Model, shape: Sequence[int], *, apply: ApplyPart, generator: torch.Generator, like: Tensor
    ) -> Iterator[Tensor]:
        """The states of the chain; what `shown` makes of the last are the samples.

        Args:
            model: the model to sample from.
            shape: (B, C, H, W) of the samples, or (B, D) where it `takes_tables`.
            apply: how the model is applied to many images.
            generator: of all noise.
            like: whose device and dtype the samples have.
        """
