"""One layer of a stack, as an autoencoder of its own."""

__all__ = ["Layer"]

from typing import final

from torch import nn

from copyist.models.base import Autoencoder, ModelConfig
from copyist.tensors import Codes, Images


@final
class Layer(Autoencoder):
    """An encoder and a decoder that belong to a stack: what trains this layer trains the stack's."""

    def __init__(self, config: ModelConfig, encoder: nn.Module, decoder: nn.Module) -> None:
        """Put two parts side by side.

        Args:
            config: of a model with the shape of this layer alone.
            encoder: from what the layer copies, (B, C, H, W), to its code.
            decoder: back.
        """
        super().__init__()
        self._config = config
        self.encoder = encoder
        self.decoder = decoder

    @property
    def config(self) -> ModelConfig:
        return self._config

    def check_input(self, x: Images) -> None:
        self._config.fitted((int(x.shape[1]), int(x.shape[2]), int(x.shape[3])))

    def encode(self, x: Images) -> Codes:
        return self.encoder(x)

    def decode(self, z: Codes) -> Images:
        return self.decoder(z)
