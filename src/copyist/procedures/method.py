"""The contract of ways to sample: a chain of images that begins with noise."""

__all__ = ["Copy", "Method"]

import abc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import torch
from torch import Tensor

from copyist.models.base import Reconstructor
from copyist.tensors import Images

Copy: TypeAlias = Callable[[Images], Images]
"""D(E(·)), in the model's batches and without gradients."""


@dataclass(frozen=True, kw_only=True)
class Method(abc.ABC):
    """A way from noise to samples: settings one calls."""

    reads_residuals: ClassVar[bool] = False
    """Whether it takes the residual for what it says of the density, which half precision rounds too coarsely."""

    @property
    @abc.abstractmethod
    def num_steps(self) -> int:
        """How many images of each sample the chain shows, at most."""

    def check(self, model: Reconstructor, shape: tuple[int, int, int]) -> None:
        """Refuse, before the first step, a model that cannot go where the chain goes from images (C, H, W).

        Raises:
            ShapeError: the model does not take images of this shape, or of one that the chain comes to.
        """
        model.check_input(torch.zeros(()).expand(1, *shape))

    @abc.abstractmethod
    def __call__(
        self, copy: Copy, shape: Sequence[int], *, generator: torch.Generator, like: Tensor
    ) -> Iterator[Images]:
        """The states of the chain, the last of which are the samples.

        Args:
            copy: the model.
            shape: (B, C, H, W) of the samples.
            generator: of all noise.
            like: whose device and dtype the images have.
        """
