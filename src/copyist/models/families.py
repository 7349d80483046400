"""The contracts of autoencoders that can be asked for more than a copy: by what their family is named after."""

__all__ = ["CodeLayer", "Dictionary", "Masked", "Stack", "Variational"]

import abc
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from copyist.models.base import Autoencoder
from copyist.nn.gaussian import Gaussian
from copyist.nn.likelihoods import Likelihood
from copyist.nn.patches import check_visible
from copyist.tensors import Codes, Images, Visible


@dataclass(frozen=True, kw_only=True, eq=False)
class CodeLayer:
    """An encoder of one layer: z = s(Wx + b), with s applied to each unit alone."""

    weight: Tensor
    """W (K, N), on images laid out as one row."""

    bias: Tensor
    """b (K,)."""

    activation: Callable[[Tensor], Tensor]
    """s."""


class Dictionary(Autoencoder):
    """An autoencoder whose units each listen with a row of one matrix and speak with a column of another.

    A unit is silent at 0 and never negative.
    """

    readers: nn.Linear
    """From the last hidden layer of the encoder, or the image, to what each unit hears: a row and a bias per unit."""

    atoms: nn.Linear
    """From the code to the first hidden layer of the decoder, or the image: a column per unit."""

    k: int | None
    """How many units may speak for one image; None for all."""

    silence: Tensor
    """(K,), int64: images of training since each unit last spoke. It is no weight, but is saved with them."""

    revivals: Tensor
    """(K,), int64: how often each unit died in training and was given new work; saved likewise."""

    @abc.abstractmethod
    def hidden(self, x: Images) -> Tensor:
        """What the readers are handed, (B, D), for images (B, C, H, W)."""

    @abc.abstractmethod
    def spoken(self, h: Tensor) -> Images:
        """The images (B, C, H, W) that the rest of the decoder makes of what the atoms hand on, (B, D)."""

    @final
    def decode(self, z: Codes) -> Images:
        return self.spoken(self.atoms(z))

    @final
    def as_dictionary(self, *, verb: str) -> "Dictionary":
        return self


class Masked(Autoencoder):
    """An autoencoder whose encoder can be shown some patches of an image, and then knows nothing of the others.

    With every patch visible it is an autoencoder like others.
    """

    takes_visible = True

    patch: int
    """Side of a patch in pixels."""

    @abc.abstractmethod
    def encode_visible(self, x: Images, visible: Visible) -> Codes:
        """z = E(visible patches of x), tokens (B, n, D) of the n patches that each row of (B, N) shows."""

    @abc.abstractmethod
    def decode_visible(self, z: Codes, visible: Visible) -> Images:
        """x̂ = D(z, visible), whole images (B, C, H, W), for codes that `encode_visible` made of these patches."""

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
        return self.encode_visible(x, torch.ones(len(x), self.num_patches(x), dtype=torch.bool))

    @final
    def decode(self, z: Codes) -> Images:
        return self.decode_visible(z, torch.ones(z.shape[:2], dtype=torch.bool))

    @final
    def as_masked(self, *, verb: str) -> "Masked":
        return self


class Stack(Autoencoder):
    """Shallow autoencoders in a row: E = Eₙ ∘ … ∘ E₁ and D = D₁ ∘ … ∘ Dₙ, of images or of standardized rows."""

    encoder: nn.Sequential
    """From images to the code, all layers together."""

    @property
    @abc.abstractmethod
    def layers(self) -> tuple[Autoencoder, ...]:
        """The autoencoders it is made of, the outermost first, which share its weights.

        The first takes images, or rows in standard deviations whatever units the stack takes; each other takes the
        codes of the one before it, as (B, units, 1, 1).
        """

    @final
    def as_stack(self, *, verb: str) -> "Stack":
        return self


class Variational(Autoencoder):
    """An autoencoder that encodes to a Gaussian and decodes to a likelihood, under the prior N(0, I) of its codes.

    As an autoencoder its code is the posterior's mean, and it decodes to the likelihood's mean.
    """

    has_likelihood = True

    @abc.abstractmethod
    def posterior(self, x: Images) -> Gaussian:
        """q(z | x), of codes for images (B, C, H, W)."""

    @abc.abstractmethod
    def likelihood(self, z: Codes) -> Likelihood:
        """p(x | z), of images (B, C, H, W) for codes."""

    @abc.abstractmethod
    def code_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of one code, of an image (C, H, W) or a row (D,)."""

    @final
    def encode(self, x: Images) -> Codes:
        return self.posterior(x).mean

    @final
    def decode(self, z: Codes) -> Images:
        return self.likelihood(z).mean()

    @final
    def as_variational(self, *, verb: str) -> "Variational":
        return self
