"""The contracts of models that copy: all of them, those with a code, and those with a one-layer encoder."""

__all__ = ["Affine", "AffineEncoder", "Autoencoder", "Reconstructor"]

import abc
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, final

from torch import Tensor

from copyist.models.contracts.model import Model
from copyist.tensors import Codes, Images


class Reconstructor(Model):
    """A module from images to images of the same shape, or from rows to rows."""

    refusal: ClassVar[str] = "{verb} needs a model that copies, and {name} does not; take a model trained to copy"

    @abc.abstractmethod
    def forward(self, x: Images) -> Images:
        """x̂, images (B, C, H, W) for images of the same shape."""


class Autoencoder(Reconstructor):
    """A reconstructor that passes through a code: x̂ = D(E(x))."""

    refusal: ClassVar[str] = (
        "{verb} works in a model's code, and {name} has none; take a model with a code, such as a U-Net without skips"
    )

    @abc.abstractmethod
    def encode(self, x: Images) -> Codes:
        """z = E(x), for images (B, C, H, W)."""

    @abc.abstractmethod
    def decode(self, z: Codes) -> Images:
        """x̂ = D(z), images (B, C, H, W) for codes that `encode` made."""

    @final
    def forward(self, x: Images) -> Images:
        return self.decode(self.encode(x))


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Affine:
    """An encoder of one layer: z = s(Wx + b), with s applied to each unit alone."""

    weight: Tensor
    """W (K, N), on images laid out as one row."""

    bias: Tensor
    """b (K,)."""

    activation: Callable[[Tensor], Tensor]
    """s."""


class AffineEncoder(Autoencoder):
    """An autoencoder whose encoder may be one layer, so that its derivative has a closed form."""

    refusal: ClassVar[str] = (
        "{verb} is known on paper for an encoder of one layer, and that of {name} is another; "
        "take an MLP with one width (--set widths=256), or estimate it (--set probes=1)"
    )

    @property
    @abc.abstractmethod
    def affine(self) -> Affine | None:
        """The encoder's one layer, in the units of what it encodes; None where it has more."""
