"""The contract of compressors: autoencoders whose codes are rounded to integers of modelled probability."""

__all__ = ["Compressor", "EntropyModel"]

import abc
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from copyist.models.contracts.copying import Autoencoder
from copyist.tensors import Images, PerImage


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class EntropyModel:
    """What the integers of a code are coded with, exactly the same on every machine; all on the CPU."""

    mean: Tensor
    """(1, M, h, w), float64, what was taken off the code before it was rounded: multiples of 2⁻⁴."""

    scale: Tensor
    """(1, M, h, w), int64, which standard deviation each integer has, as `copyist.nn.discretized.scale_of` says."""


class Compressor(Autoencoder):
    """An autoencoder that trades the rate of its rounded code for the error of its copy, at several qualities.

    As an autoencoder it does not round, at its highest quality.
    """

    refusal: ClassVar[str] = (
        "{verb} needs a model with an entropy model for its code, and {name} has none; train one by the recipe "
        "image-codec, or leave --model out"
    )

    num_qualities: int
    """How many qualities there are, 1 … num_qualities."""

    @abc.abstractmethod
    def rate_distortion(self, x: Images, *, quality: Tensor, generator: torch.Generator) -> tuple[Images, PerImage]:
        """Copies of images, and the bits of their codes, both with gradients.

        Args:
            x: images (B, C, H, W).
            quality: (B,), int64, from 0 to num_qualities − 1.
            generator: of the noise that stands for rounding in the rate.

        Returns:
            x̂ (B, C, H, W), and bits (B,).
        """

    @abc.abstractmethod
    def analyze(self, x: Images, *, quality: int) -> tuple[Tensor, Tensor]:
        """The side information of images (1, C, H, W), and their code before its mean is taken off.

        Returns:
            Integers (1, K, h', w'), int64, and the code (1, M, h, w), float32, not rounded; both on the CPU.
        """

    @abc.abstractmethod
    def entropy_model(self, side: Tensor, *, quality: int, size: tuple[int, int]) -> EntropyModel:
        """What the integers of the code are coded with, from the side information, for codes of `size` (h, w)."""

    @abc.abstractmethod
    def synthesize(self, code: Tensor, *, quality: int, exact: bool = False) -> Images:
        """Images (1, C, H, W) of a code (1, M, h, w).

        Args:
            code: integers plus mean, float64.
            quality: from 0.
            exact: whether it is the same to the last bit on every machine, which takes longer.
        """
