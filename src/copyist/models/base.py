"""The contracts of models: what can be asked of anything that copies."""

__all__ = ["Autoencoder", "ModelConfig", "Reconstructor"]

import abc
from dataclasses import dataclass
from typing import Self, final

from torch import nn

from copyist.checks import check_images
from copyist.errors import ContractError
from copyist.tensors import Codes, Images


@dataclass(frozen=True, kw_only=True)
class ModelConfig(abc.ABC):
    """What it takes to build a model again, but for its weights."""

    @abc.abstractmethod
    def fitted(self, image_shape: tuple[int, int, int]) -> Self:
        """Fill in what was left to the data, for images (C, H, W).

        Raises:
            ShapeError: the config was built for other images.
        """

    @abc.abstractmethod
    def build(self) -> "Reconstructor":
        """A model of this shape with fresh weights, drawn from torch's global generator."""


class Reconstructor(nn.Module, abc.ABC):
    """A module from images to images of the same shape.

    `forward` must take images (B, C, H, W) whose shape `check_input` accepts, with values that may leave [0, 1].
    """

    has_code: bool = False
    """Whether it is an `Autoencoder`."""

    batch_size: int = 64
    """The batch the model was trained with; verbs take images in batches of this size."""

    uses_batch_statistics: bool = False
    """Whether the answer for one image depends on the others in its batch."""

    size_multiple: int = 1
    """Both sides of an image must be multiples of this."""

    image_shape: tuple[int, int, int] | None = None
    """(C, H, W) of the images it was trained on, which its samples have too unless told otherwise."""

    image_size: tuple[int, int] | None = None
    """The only (H, W) the model takes; None where it takes many."""

    @property
    @abc.abstractmethod
    def config(self) -> ModelConfig:
        """What rebuilds the model."""

    @abc.abstractmethod
    def check_input(self, x: Images) -> None:
        """Refuse images of a shape this model does not take.

        Raises:
            ShapeError: in one sentence, with the remedy.
        """

    def as_autoencoder(self, *, verb: str) -> "Autoencoder":
        """This model as one with a code, for a verb that works there.

        Raises:
            ContractError: the model has no code.
        """
        raise ContractError(
            f"{verb} works in a model's code, and {type(self).__name__} has none; take a model trained without skips"
        )

    @abc.abstractmethod
    def forward(self, x: Images) -> Images: ...


class Autoencoder(Reconstructor):
    """A reconstructor that passes through a code: x̂ = D(E(x))."""

    has_code = True

    @abc.abstractmethod
    def encode(self, x: Images) -> Codes:
        """z = E(x), for images (B, C, H, W)."""

    @abc.abstractmethod
    def decode(self, z: Codes) -> Images:
        """x̂ = D(z), images (B, C, H, W) for codes that `encode` made."""

    @final
    def as_autoencoder(self, *, verb: str) -> "Autoencoder":
        return self

    @final
    def forward(self, x: Images) -> Images:
        check_images(x)
        self.check_input(x)
        return self.decode(self.encode(x))
