"""One layer of a stack, as an autoencoder of its own."""

__all__ = ["Layer"]

from typing import final

from torch import nn

from copyist.models.base import Autoencoder, ModelConfig
from copyist.models.fixed_shape import check_shape
from copyist.tensors import Codes, Examples


@final
class Layer(Autoencoder):
    """An encoder and a decoder that belong to a stack: what trains this layer trains the stack's."""

    def __init__(self, config: ModelConfig, shape: tuple[int, ...], encoder: nn.Module, decoder: nn.Module) -> None:
        """Put two parts side by side.

        Args:
            config: of a model with the shape of this layer alone.
            shape: of one of the examples that the layer copies.
            encoder: from what the layer copies, images (B, C, H, W) or standardized rows (B, D), to its code.
            decoder: back.
        """
        super().__init__()
        self.takes_tables = len(shape) == 1
        self._config = config
        self._shape = shape
        self.encoder = encoder
        self.decoder = decoder

    @property
    def config(self) -> ModelConfig:
        return self._config

    def check_input(self, x: Examples) -> None:
        check_shape(x, self._shape)

    def encode(self, x: Examples) -> Codes:
        return self.encoder(x)

    def decode(self, z: Codes) -> Examples:
        return self.decoder(z)
