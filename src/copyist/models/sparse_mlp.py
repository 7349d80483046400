"""A sparse autoencoder: of many units of its code the k largest are active."""

__all__ = ["SparseMLP", "SparseMLPConfig"]

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import final, get_args

import torch
from torch import Tensor, nn

from copyist.checks import check_at_least, check_choice, check_whole, check_within
from copyist.errors import ArgumentError
from copyist.models.contracts import Dictionary
from copyist.models.shapes import FixedShape, FixedShapeConfig
from copyist.nn.dense import Activation, activation_layer
from copyist.tensors import Codes, Examples


@dataclass(frozen=True, kw_only=True)
class SparseMLPConfig(FixedShapeConfig):
    """The shape of a `SparseMLP`."""

    widths: tuple[int, ...] = (1024,)
    """Units per layer from the input to the code, which is the last; the decoder mirrors them."""

    k: int | None = 32
    """How many units may be active for one image; None for all, where an objective keeps them sparse."""

    activation: Activation = "gelu"
    """Of hidden layers, where there are any. Units of the code are rectified."""

    def __post_init__(self) -> None:
        if not self.widths:
            raise ArgumentError("widths must name at least the units of the code, got none")
        for units in self.widths:
            check_at_least("widths", units, 1)
        if self.k is not None:
            check_whole("k", self.k, 1)
            check_within("k", self.k, 1, self.widths[-1])
        check_choice("activation", self.activation, get_args(Activation))

    def build(self) -> Dictionary:
        return SparseMLP(self)


@final
class SparseMLP(FixedShape, Dictionary):
    """z keeps the k largest of max(0, Wh + b), and the others are 0; h is the image, or a hidden layer on it.

    At first each unit's column is its row, scaled to length 1: fewer units die so. Where fewer than k values are
    positive, fewer units are active.

    Source:
        Makhzani & Frey (2014), "k-Sparse Autoencoders", algorithm 1, without its tied weights; rectified, and begun
        with transposed weights, as in Gao et al. (2024), "Scaling and evaluating sparse autoencoders", section 2.3 and
        appendix A.1.
    """

    def __init__(self, config: SparseMLPConfig) -> None:
        super().__init__(config, model="a sparse MLP")
        self._config = config
        self.k = config.k
        widths = (math.prod(self._shape), *config.widths)
        encoder: list[nn.Module] = [nn.Flatten()]
        for inputs, outputs in pairwise(widths[:-1]):
            encoder += [nn.Linear(inputs, outputs), activation_layer(config.activation)]
        decoder: list[nn.Module] = []
        for inputs, outputs in pairwise(widths[-2::-1]):
            decoder += [activation_layer(config.activation), nn.Linear(inputs, outputs)]
        self.encoder = nn.Sequential(*encoder)
        self.to_code = nn.Linear(widths[-2], widths[-1])
        self.atoms = nn.Linear(widths[-1], widths[-2])
        self.decoder = nn.Sequential(*decoder, nn.Unflatten(1, self._shape))
        self.examples_since_fired: Tensor
        self.register_buffer("examples_since_fired", torch.zeros(widths[-1], dtype=torch.int64))
        self.times_resampled: Tensor
        self.register_buffer("times_resampled", torch.zeros(widths[-1], dtype=torch.int64))
        with torch.no_grad():
            self.atoms.weight.copy_(nn.functional.normalize(self.to_code.weight.T, dim=0))

    @property
    def config(self) -> SparseMLPConfig:
        return self._config

    def hidden(self, x: Examples) -> Tensor:
        return self.encoder(self.standardized(x))

    def encode(self, x: Examples) -> Codes:
        z = torch.relu(self.to_code(self.hidden(x)))
        if self.k is None:
            return z
        largest, units = z.topk(self.k)
        return torch.zeros_like(z).scatter(1, units, largest)

    def decode_hidden(self, h: Tensor) -> Examples:
        return self.restored(self.decoder(h))
