"""Fully connected autoencoders of any widths, under- and overcomplete, for images and for tables."""

__all__ = ["MLP", "MLPConfig"]

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self, final, get_args

import torch
from torch import nn

from copyist.checks import check_at_least, check_choice, check_whole
from copyist.errors import ArgumentError
from copyist.models.contracts import Affine, AffineEncoder, Autoencoder, Pretrainable, PretrainableConfig, Stack
from copyist.models.shapes import FixedShape, FixedShapeConfig
from copyist.models.stack_layer import StackLayer
from copyist.nn.dense import Activation, InFloat32, Initialization, Transposed, activation_layer, draw_weights
from copyist.tensors import Codes, Examples


@dataclass(frozen=True, kw_only=True)
class MLPConfig(FixedShapeConfig, PretrainableConfig):
    """The shape of an `MLP`."""

    widths: tuple[int, ...] = (4000, 4000, 4000)
    """Units per layer from the input to the code, the last unless there is a `code`; the decoder mirrors them."""

    code: int | None = None
    """Units of a code behind the last of `widths`, on which no activation acts; None for none."""

    activation: Activation = "gelu"
    """Applied after every layer but the output; with `identity` the whole is linear."""

    output: Activation = "identity"
    """Applied to the output; with `sigmoid` every value of a copy lies in (0, 1)."""

    tied: bool = False
    """Whether the decoder's weights are the encoder's, transposed, so that one cannot grow while the other shrinks."""

    initialization: Initialization = "uniform"
    """The distribution that the first weights are drawn from."""

    def __post_init__(self) -> None:
        if not self.widths and self.code is None:
            raise ArgumentError("widths must name at least the units of the code, got none")
        for units in self.widths:
            check_at_least("widths", units, 1)
        if self.code is not None:
            check_whole("code", self.code, 1)
        check_choice("activation", self.activation, get_args(Activation))
        check_choice("activation", self.output, get_args(Activation))
        check_choice("initialization", self.initialization, get_args(Initialization))

    @property
    def units(self) -> tuple[int, ...]:
        """Units per layer from the input to the code, the code included."""
        return self.widths if self.code is None else (*self.widths, self.code)

    def stacks(self) -> tuple[Self, ...]:
        outer = tuple(replace(self, widths=self.widths[: depth + 1], code=None) for depth in range(len(self.widths)))
        return outer if self.code is None else (*outer, self)

    def build(self) -> "MLP":
        return MLP(self)


@final
class MLP(FixedShape, Stack, AffineEncoder, Pretrainable):
    """Linear layers to a code (B, units[-1]) and back: shallow autoencoders in a row.

    It is overcomplete when every layer has at least as many units as an image has values. Of a table every column is
    standardized on its way in, and put back into its own units on its way out.
    """

    def __init__(self, config: MLPConfig) -> None:
        super().__init__(config, model="an MLP")
        self._config = config
        widths = (math.prod(self._shape), *config.units)
        encoder: list[nn.Module] = [nn.Flatten()]
        decoder: list[nn.Module] = []
        into: list[nn.Linear] = []
        for index, (inputs, outputs) in enumerate(pairwise(widths)):
            activation = _activation_above(config, index)
            into.append(_linear(inputs, outputs, config, activation))
            encoder += [into[-1], activation_layer(activation)]
        for index in reversed(range(len(into))):
            activation = _activation_below(config, index)
            turned = (widths[index + 1], widths[index])
            decoder.append(Transposed(into[index]) if config.tied else _linear(*turned, config, activation))
            # Each layer's decoder answers for itself when it is trained alone.
            decoder.append(InFloat32(activation_layer(activation)))
        self.encoder = nn.Sequential(*encoder)
        self.decoder = nn.Sequential(*decoder, nn.Unflatten(1, self._shape))

    @property
    def config(self) -> MLPConfig:
        return self._config

    @property
    def lent_layers(self) -> tuple[nn.Module, ...]:
        linear = [layer for layer in self.encoder if isinstance(layer, nn.Linear)]
        # Of a single one `affine` tells.
        return tuple(linear) if self._config.tied or len(linear) == 1 else ()

    @property
    def layers(self) -> tuple[Autoencoder, ...]:
        return tuple(map(self._layer, range(len(self._config.units))))

    def encode(self, x: Examples) -> Codes:
        return self.encoder(self.standardized(x))

    def decode(self, z: Codes) -> Examples:
        return self.restored(self.decoder(z))

    @property
    def affine(self) -> Affine | None:
        if len(self._config.units) > 1:
            return None
        layer = self._layer(0).affine
        if self.standardization is None:
            return layer
        weight = layer.weight / self.standardization.std
        return replace(
            layer, weight=weight, bias=layer.bias - weight @ (self.standardization.mean + self.standardization.origin)
        )

    @torch.no_grad()
    def start_from(self, stack: Stack) -> None:
        for own, given in zip(self.layers, stack.layers, strict=False):
            for weight, start in zip(own.parameters(), given.parameters(), strict=True):
                weight.copy_(start)

    def _layer(self, index: int) -> StackLayer:
        config, last = self._config, len(self._config.units) - 1
        shape = self._shape if index == 0 else (config.units[index - 1], 1, 1)
        below = {} if index == 0 else {"image_shape": shape, "num_columns": None}
        own = replace(
            config,
            **below,
            widths=(config.units[index],),
            code=None,
            activation=_activation_above(config, index),
            output=_activation_below(config, index),
        )
        # The innermost layer is the last of the encoder, and the first of the decoder.
        start = 2 * (last - index)
        linear, activation = self.encoder[1 + 2 * index], self.encoder[2 + 2 * index]
        assert isinstance(linear, nn.Linear)
        decoder = nn.Sequential(self.decoder[start : start + 2], nn.Unflatten(1, shape))
        return StackLayer(own, shape, linear, activation, decoder)


def _activation_above(config: MLPConfig, index: int) -> Activation:
    """What the encoder of a layer ends with: nothing bends a code that stands behind the widths."""
    return "identity" if index == len(config.widths) else config.activation


def _activation_below(config: MLPConfig, index: int) -> Activation:
    """What the decoder of a layer ends with: what the layer below it does, and on the input the output."""
    return config.output if index == 0 else config.activation


def _linear(inputs: int, outputs: int, config: MLPConfig, activation: Activation) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    draw_weights(layer, config.initialization, activation=activation)
    return layer
