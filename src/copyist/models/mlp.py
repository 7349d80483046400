"""Fully connected autoencoders of any widths, under- and overcomplete."""

__all__ = ["ACTIVATIONS", "MLP", "Activation", "MLPConfig"]

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, Self, TypeAlias, final, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from copyist.checks import check_at_least, check_choice
from copyist.errors import ArgumentError, ShapeError
from copyist.models.base import Autoencoder, CodeLayer, ModelConfig
from copyist.tensors import Codes, Images

Activation: TypeAlias = Literal["gelu", "relu", "elu", "silu", "tanh", "sigmoid", "identity"]
"""What bends a layer, unit by unit."""

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "gelu": nn.GELU,
    "relu": nn.ReLU,
    "elu": nn.ELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "identity": nn.Identity,
}
"""The modules of these names."""


@dataclass(frozen=True, kw_only=True)
class MLPConfig(ModelConfig):
    """The shape of an `MLP`."""

    image_shape: tuple[int, int, int] | None = None
    """(C, H, W) of one image; None takes the data's."""

    widths: tuple[int, ...] = (4000, 4000, 4000)
    """Units per layer from the input to the code, which is the last; the decoder mirrors them."""

    activation: Activation = "gelu"
    """Applied after every layer but the output; with `identity` the whole is linear."""

    tied: bool = False
    """Whether the decoder uses the encoder's matrices, transposed, so that one cannot grow while the other shrinks."""

    def __post_init__(self) -> None:
        if not self.widths:
            raise ArgumentError("widths must name at least the units of the code, got none")
        for units in self.widths:
            check_at_least("widths", units, 1)
        check_choice("activation", self.activation, get_args(Activation))

    def fitted(self, image_shape: tuple[int, int, int]) -> Self:
        if self.image_shape not in (None, image_shape):
            raise ShapeError(
                f"the model was built for images of shape {self.image_shape}, got {image_shape}; "
                "resize the images, or leave the model's image_shape open"
            )
        return replace(self, image_shape=image_shape)

    def build(self) -> Autoencoder:
        return MLP(self)


@final
class MLP(Autoencoder):
    """Linear layers to a code (B, widths[-1]) and back.

    It is overcomplete when every width is at least the number of values of an image.
    """

    def __init__(self, config: MLPConfig) -> None:
        super().__init__()
        if config.image_shape is None:
            raise ArgumentError("an MLP must know its image_shape; give it, or fit the config to data")
        self._config = config
        self._shape = self.image_shape = config.image_shape
        self.image_size = config.image_shape[1:]
        activation = ACTIVATIONS[config.activation]
        widths = (math.prod(config.image_shape), *config.widths)
        layers = [nn.Linear(inputs, outputs) for inputs, outputs in pairwise(widths)]
        encoder: list[nn.Module] = [nn.Flatten()]
        for layer in layers:
            encoder += [layer, activation()]
        decoder: list[nn.Module] = []
        for layer in layers[::-1]:
            back = _Transposed(layer) if config.tied else nn.Linear(layer.out_features, layer.in_features)
            decoder += [back, activation()]
        # The output is a pixel value, and nothing bends it.
        decoder[-1] = nn.Unflatten(1, config.image_shape)
        self.encoder = nn.Sequential(*encoder)
        self.decoder = nn.Sequential(*decoder)

    @property
    def config(self) -> MLPConfig:
        return self._config

    def check_input(self, x: Images) -> None:
        if tuple(x.shape[1:]) != self._shape:
            raise ShapeError(
                f"the model takes images of shape {self._shape} only, got {tuple(x.shape[1:])}; "
                "resize the images, or train a model on images of their shape"
            )

    def encode(self, x: Images) -> Codes:
        return self.encoder(x)

    def decode(self, z: Codes) -> Images:
        return self.decoder(z)

    def as_code_layer(self, *, verb: str) -> CodeLayer:
        if len(self._config.widths) > 1:
            return super().as_code_layer(verb=verb)
        linear = self.encoder[1]
        assert isinstance(linear, nn.Linear)
        return CodeLayer(linear=linear, activation=self.encoder[2])


@final
class _Transposed(nn.Module):
    """Wᵀh + b', with the W of another layer, and a bias of its own."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        # In a tuple, so that W is no second parameter of the model.
        self._layer = (layer,)
        self.bias = nn.Parameter(torch.zeros(layer.in_features))

    def forward(self, h: Tensor) -> Tensor:
        return F.linear(h, self._layer[0].weight.T, self.bias)
