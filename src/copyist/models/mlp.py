"""Fully connected autoencoders of any widths, under- and overcomplete."""

__all__ = ["MLP", "MLPConfig"]

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self, final, get_args

import torch
from torch import nn

from copyist.checks import check_at_least, check_choice
from copyist.errors import ArgumentError
from copyist.models.base import Autoencoder, CodeLayer, ModelConfig, Stack
from copyist.models.fixed_shape import check_shape, fitted_shape, known_shape
from copyist.models.shallow import Layer
from copyist.nn.dense import Activation, Initialization, Transposed, activation_layer, draw_weights
from copyist.tensors import Codes, Images


@dataclass(frozen=True, kw_only=True)
class MLPConfig(ModelConfig):
    """The shape of an `MLP`."""

    image_shape: tuple[int, int, int] | None = None
    """(C, H, W) of one image; None takes the data's."""

    widths: tuple[int, ...] = (4000, 4000, 4000)
    """Units per layer from the input to the code, which is the last; the decoder mirrors them."""

    activation: Activation = "gelu"
    """Applied after every layer but the output; with `identity` the whole is linear."""

    output: Activation = "identity"
    """Applied to the output; with `sigmoid` every value of a copy lies in (0, 1)."""

    tied: bool = False
    """Whether the decoder's weights are the encoder's, transposed, so that one cannot grow while the other shrinks."""

    initialization: Initialization = "uniform"
    """The distribution that the first weights are drawn from."""

    def __post_init__(self) -> None:
        if not self.widths:
            raise ArgumentError("widths must name at least the units of the code, got none")
        for units in self.widths:
            check_at_least("widths", units, 1)
        check_choice("activation", self.activation, get_args(Activation))
        check_choice("activation", self.output, get_args(Activation))
        check_choice("initialization", self.initialization, get_args(Initialization))

    def fitted(self, image_shape: tuple[int, int, int]) -> Self:
        return replace(self, image_shape=fitted_shape(self.image_shape, image_shape))

    def stacks(self) -> tuple[Self, ...]:
        return tuple(replace(self, widths=self.widths[: depth + 1]) for depth in range(len(self.widths)))

    def build(self) -> Stack:
        return MLP(self)


@final
class MLP(Stack):
    """Linear layers to a code (B, widths[-1]) and back: shallow autoencoders in a row.

    It is overcomplete when every width is at least the number of values of an image.
    """

    def __init__(self, config: MLPConfig) -> None:
        super().__init__()
        self._config = config
        self._shape = self.image_shape = known_shape(config.image_shape, model="an MLP")
        self.image_size = self._shape[1:]
        widths = (math.prod(self._shape), *config.widths)
        encoder: list[nn.Module] = [nn.Flatten()]
        decoder: list[nn.Module] = []
        into: list[nn.Linear] = []
        for inputs, outputs in pairwise(widths):
            into.append(_linear(inputs, outputs, config, config.activation))
            encoder += [into[-1], activation_layer(config.activation)]
        for index in reversed(range(len(into))):
            activation = _activation_below(config, index)
            turned = (widths[index + 1], widths[index])
            decoder.append(Transposed(into[index]) if config.tied else _linear(*turned, config, activation))
            decoder.append(activation_layer(activation))
        self.encoder = nn.Sequential(*encoder)
        self.decoder = nn.Sequential(*decoder, nn.Unflatten(1, self._shape))

    @property
    def config(self) -> MLPConfig:
        return self._config

    @property
    def layers(self) -> tuple[Autoencoder, ...]:
        return tuple(map(self._layer, range(len(self._config.widths))))

    def check_input(self, x: Images) -> None:
        check_shape(x, self._shape)

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

    @torch.no_grad()
    def start_from(self, stack: Stack) -> None:
        for own, given in zip(self.layers, stack.layers, strict=False):
            for weight, start in zip(own.parameters(), given.parameters(), strict=True):
                weight.copy_(start)

    def _layer(self, index: int) -> Autoencoder:
        config, last = self._config, len(self._config.widths) - 1
        shape = self._shape if index == 0 else (config.widths[index - 1], 1, 1)
        own = replace(
            config, image_shape=shape, widths=(config.widths[index],), output=_activation_below(config, index)
        )
        # The innermost layer is the last of the encoder, and the first of the decoder.
        start = 2 * (last - index)
        encoder = nn.Sequential(nn.Flatten(), self.encoder[1 + 2 * index : 3 + 2 * index])
        return Layer(own, encoder, nn.Sequential(self.decoder[start : start + 2], nn.Unflatten(1, shape)))


def _activation_below(config: MLPConfig, index: int) -> Activation:
    """What the decoder of a layer ends with: what the layer below it does, and on the images the output."""
    return config.output if index == 0 else config.activation


def _linear(inputs: int, outputs: int, config: MLPConfig, activation: Activation) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    draw_weights(layer, config.initialization, activation=activation)
    return layer
