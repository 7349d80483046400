"""Fully connected autoencoders of any widths, under- and overcomplete, for images and for tables."""

__all__ = ["MLP", "MLPConfig"]

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, Self, TypeAlias, final, get_args

from torch import Tensor, nn

from copyist.checks import check_at_least, check_choice, check_whole
from copyist.errors import ArgumentError, ShapeError
from copyist.models.base import Autoencoder, ModelConfig
from copyist.nn.standardization import Standardization
from copyist.tensors import Codes, Examples

Activation: TypeAlias = Literal["gelu", "relu", "elu", "silu", "tanh", "sigmoid", "identity"]

_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "gelu": nn.GELU,
    "relu": nn.ReLU,
    "elu": nn.ELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "identity": nn.Identity,
}


@dataclass(frozen=True, kw_only=True)
class MLPConfig(ModelConfig):
    """The shape of an `MLP`."""

    image_shape: tuple[int, ...] | None = None
    """(C, H, W) of one image, or (D,) of one row of a table; None takes the data's."""

    widths: tuple[int, ...] = (4000, 4000, 4000)
    """Units per layer from the input to the code, the last unless there is a `code`; the decoder mirrors them."""

    code: int | None = None
    """Units of a code behind the last of `widths`, on which no activation acts; None for none."""

    activation: Activation = "gelu"
    """Applied after every layer but the output; with `identity` the whole is linear."""

    def __post_init__(self) -> None:
        if not self.widths and self.code is None:
            raise ArgumentError("widths must name at least the units of the code, got none")
        for units in self.widths:
            check_at_least("widths", units, 1)
        if self.code is not None:
            check_whole("code", self.code, 1)
        check_choice("activation", self.activation, get_args(Activation))

    def fitted(self, shape: tuple[int, ...]) -> Self:
        if self.image_shape not in (None, shape):
            kind = "rows" if len(shape) == 1 else "images"
            remedy = "give a table of these columns" if len(shape) == 1 else "resize the images"
            raise ShapeError(
                f"the model was built for {kind} of shape {self.image_shape}, got {shape}; "
                f"{remedy}, or leave the model's image_shape open"
            )
        return replace(self, image_shape=shape)

    def build(self) -> Autoencoder:
        return MLP(self)


@final
class MLP(Autoencoder):
    """Linear layers to a code (B, widths[-1]), or (B, code), and back.

    It is overcomplete when every width is at least the number of values of an image. Of a table every column is
    standardized on its way in, and put back into its own units on its way out.
    """

    def __init__(self, config: MLPConfig) -> None:
        super().__init__()
        if config.image_shape is None:
            raise ArgumentError("an MLP must know its image_shape; give it, or fit the config to data")
        self._config = config
        self._shape = self.image_shape = config.image_shape
        self.takes_tables = len(self._shape) == 1
        self.image_size = None if self.takes_tables else (self._shape[1], self._shape[2])
        self.standardization = Standardization(self._shape[0]) if self.takes_tables else None
        activation = _ACTIVATIONS[config.activation]
        widths = (math.prod(self._shape), *config.widths, *(() if config.code is None else (config.code,)))
        encoder: list[nn.Module] = [nn.Flatten()]
        for inputs, outputs in pairwise(widths):
            encoder += [nn.Linear(inputs, outputs), activation()]
        if config.code is not None:
            encoder.pop()
        decoder: list[nn.Module] = []
        for inputs, outputs in pairwise(widths[::-1]):
            decoder += [nn.Linear(inputs, outputs), activation()]
        # The output is a pixel value, and nothing bends it.
        decoder[-1] = nn.Unflatten(1, self._shape)
        self.encoder = nn.Sequential(*encoder)
        self.decoder = nn.Sequential(*decoder)

    @property
    def config(self) -> MLPConfig:
        return self._config

    def standardize_by(self, *, mean: Tensor, std: Tensor) -> None:
        if self.standardization is None:
            super().standardize_by(mean=mean, std=std)
        else:
            self.standardization.set(mean=mean, std=std)

    def check_input(self, x: Examples) -> None:
        if self.takes_tables and tuple(x.shape[1:]) != self._shape:
            columns = f"{x.shape[1]} columns" if x.ndim == 2 else f"images of shape {tuple(x.shape[1:])}"
            raise ShapeError(
                f"the model takes tables of {self._shape[0]} columns only, got {columns}; "
                "leave others out by ?drop=, or train a model on this data"
            )
        if tuple(x.shape[1:]) != self._shape:
            raise ShapeError(
                f"the model takes images of shape {self._shape} only, got {tuple(x.shape[1:])}; "
                "resize the images, or train a model on images of their shape"
            )

    def encode(self, x: Examples) -> Codes:
        return self.encoder(x if self.standardization is None else self.standardization(x))

    def decode(self, z: Codes) -> Examples:
        x_hat = self.decoder(z)
        return x_hat if self.standardization is None else self.standardization.inverse(x_hat)
