"""The contract of masked autoencoders: their encoder can take a subset of the patches of an image."""

__all__ = ["Masked"]

import abc
from typing import ClassVar, final

import torch
from torch import Tensor

from copyist.models.contracts.copying import Autoencoder
from copyist.nn.patches import check_visible, shown
from copyist.tensors import Codes, Images, Visible


class Masked(Autoencoder):
    """An autoencoder whose encoder can take some patches of an image; its code then does not depend on the others.

    With every patch visible it is an autoencoder like others.
    """

    refusal: ClassVar[str] = (
        "{verb} shows a model some patches only, and {name} takes whole images; "
        "take a masked autoencoder, such as a masked-vit"
    )

    patch: int
    """Side of a patch in pixels."""

    @abc.abstractmethod
    def encode_patches(self, x: Images, places: Tensor) -> Codes:
        """z = E(some patches of x), tokens (B, n, D) of the patches at `places`, int64 (B, n) in reading order."""

    @abc.abstractmethod
    def decode_patches(self, z: Codes, places: Tensor) -> Images:
        """x̂ = D(z, places), whole images (B, C, H, W), for codes that `encode_patches` made of those patches."""

    @final
    def encode_visible(self, x: Images, visible: Visible) -> Codes:
        """z = E(visible patches of x), tokens (B, n, D) of the n patches that each row of (B, N) shows."""
        return self.encode_patches(x, shown(visible).to(x.device))

    @final
    def decode_visible(self, z: Codes, visible: Visible) -> Images:
        """x̂ = D(z, visible), whole images (B, C, H, W), for codes that `encode_visible` made of these patches."""
        return self.decode_patches(z, shown(visible).to(z.device))

    @final
    def forward_visible(self, x: Images, visible: Visible) -> Images:
        """x̂, whole images (B, C, H, W), from the visible patches of `x` alone.

        Raises:
            ShapeError: `x` is not images that the model takes; or `visible` is not bool (B, N) with equally many
                patches shown in each row, at least one.
        """
        self.check_batch(x)
        check_visible(visible, shape=(len(x), self.num_patches(x)))
        return self.decode_visible(self.encode_visible(x, visible), visible)

    @final
    def num_patches(self, x: Images) -> int:
        """N, the patches of one image of (B, C, H, W)."""
        return (x.shape[2] // self.patch) * (x.shape[3] // self.patch)

    @final
    def encode(self, x: Images) -> Codes:
        return self.encode_patches(x, torch.arange(self.num_patches(x), device=x.device).expand(x.shape[0], -1))

    @final
    def decode(self, z: Codes) -> Images:
        return self.decode_patches(z, torch.arange(z.shape[1], device=z.device).expand(z.shape[0], -1))
