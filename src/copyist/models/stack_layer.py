"""One layer of a stack, as an autoencoder of its own."""

__all__ = ["StackLayer"]

from typing import final

from torch import nn

from copyist.models.contracts import Affine, AffineEncoder, ModelConfig
from copyist.models.shapes import check_shape
from copyist.tensors import Codes, Examples


@final
class StackLayer(AffineEncoder):
    """An encoder of one layer and a decoder, which share their weights with the stack they belong to."""

    def __init__(
        self, config: ModelConfig, shape: tuple[int, ...], linear: nn.Linear, activation: nn.Module, decoder: nn.Module
    ) -> None:
        """Take the parts, which stay parts of the stack.

        Args:
            config: of a model with the shape of this layer alone.
            shape: of one of the examples that the layer copies.
            linear: of what the layer copies, images (B, C, H, W) or standardized rows (B, D), laid out as one row.
            activation: of its answer, one by one: the code.
            decoder: back.
        """
        super().__init__()
        self.num_columns = shape[0] if len(shape) == 1 else None
        self._config = config
        self._shape = shape
        self.linear = linear
        self.activation = activation
        self.decoder = decoder

    @property
    def config(self) -> ModelConfig:
        return self._config

    def check_input(self, x: Examples) -> None:
        check_shape(x, self._shape)

    def encode(self, x: Examples) -> Codes:
        return self.activation(self.linear(x.flatten(1)))

    def decode(self, z: Codes) -> Examples:
        return self.decoder(z)

    @property
    def affine(self) -> Affine:
        return Affine(weight=self.linear.weight, bias=self.linear.bias, activation=self.activation)
