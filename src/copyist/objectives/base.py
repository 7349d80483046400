"""What training minimizes."""

__all__ = ["Objective"]

import abc
from dataclasses import dataclass

import torch
from torch import Tensor

from copyist.models.base import Model
from copyist.tensors import Images


@dataclass(frozen=True, kw_only=True)
class Objective(abc.ABC):
    """A number per batch, the smaller the better; it trains any model that keeps the contract it asks for."""

    @abc.abstractmethod
    def __call__(self, model: Model, x: Images, *, generator: torch.Generator) -> Tensor:
        """The loss, a scalar, of `model` on images (B, C, H, W)."""
