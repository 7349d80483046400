"""The contract of sparse autoencoders with separate units, each of which can be initialized anew."""

__all__ = ["Dictionary"]

import abc
from typing import ClassVar, final

from torch import Tensor, nn

from copyist.models.contracts.copying import Autoencoder
from copyist.tensors import Codes, Images


class Dictionary(Autoencoder):
    """An autoencoder with a row of one matrix per unit in front of its code, and a column of another behind it.

    A unit is inactive at 0 and never negative.
    """

    refusal: ClassVar[str] = (
        "{verb} gives single units of a code new work, and {name} has none that can be told apart; take a sparse-mlp"
    )

    to_code: nn.Linear
    """From the last hidden layer of the encoder, or the image, to the code before it is rectified: a row and a bias per
    unit."""

    atoms: nn.Linear
    """From the code to the first hidden layer of the decoder, or the image: a column per unit."""

    k: int | None
    """How many units may be active for one image; None for all."""

    examples_since_fired: Tensor
    """(K,), int64: examples of training since each unit was last active. It is no weight, but is saved with them."""

    times_resampled: Tensor
    """(K,), int64: how often each unit died in training and was initialized anew; saved likewise."""

    @abc.abstractmethod
    def hidden(self, x: Images) -> Tensor:
        """The last hidden layer of the encoder, which `to_code` takes, (B, D), for images (B, C, H, W)."""

    @abc.abstractmethod
    def decode_hidden(self, h: Tensor) -> Images:
        """Images (B, C, H, W) from what the atoms give, (B, D): the decoder behind them."""

    @final
    def decode(self, z: Codes) -> Images:
        return self.decode_hidden(self.atoms(z))
