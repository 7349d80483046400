"""The contract of compressors: autoencoders whose codes are rounded to integers of modelled probability."""

__all__ = ["CodingTables", "Compressor", "EntropyModel"]

import abc
from collections.abc import Mapping
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


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class CodingTables:
    """Integer frequencies, as measured after training; the sum of each table is `copyist.nn.frequencies.TOTAL`."""

    code: tuple[Tensor, ...]
    """One per standard deviation, (2·L + 2,), int64: of −L … L, and of all beyond."""

    side: tuple[Tensor, ...]
    """One per map of the side information, (2·S + 1,), int64: of −S … S, where all of it lies."""


class Compressor(Autoencoder):
    """An autoencoder that trades the rate of its rounded code for the error of its copy, at several qualities.

    As an autoencoder it does not round, at its highest quality. A position of the code stands for a patch of
    `size_multiple` pixels a side.
    """

    refusal: ClassVar[str] = (
        "{verb} needs a model with an entropy model for its code, and {name} has none; train one by the recipe "
        "image-codec, or leave --model out"
    )

    channels: int
    """C of the images that it takes."""

    num_qualities: int
    """How many qualities there are, 1 … num_qualities."""

    overlap: int
    """How many patches away, at most, a pixel changes the code, and a number of the code a pixel."""

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

    @property
    @abc.abstractmethod
    def is_measured(self) -> bool:
        """Whether the tables and steps of the files have been measured, which happens at the end of a training."""

    @property
    @abc.abstractmethod
    def rounding_steps(self) -> Tensor:
        """The steps of rounding in the units of `encode`, (num_qualities, M), float32."""

    @property
    @abc.abstractmethod
    def tables(self) -> CodingTables:
        """What integers are coded with."""

    @abc.abstractmethod
    def decoding_state(self) -> Mapping[str, Tensor]:
        """All weights and tables that decoding depends on, by name: a file is decoded by the same ones alone."""

    @abc.abstractmethod
    def analyze(self, x: Images, *, quality: int) -> Tensor:
        """The code of images, in steps of its rounding but not rounded: (B, M, h, w), float32.

        Args:
            x: images (B, C, H, W).
            quality: from 0.
        """

    @abc.abstractmethod
    def side_information(self, code: Tensor, *, quality: int) -> Tensor:
        """Integers (B, K, h', w'), int64 on the CPU, that tell the entropy model of a code (B, M, h, w)."""

    @abc.abstractmethod
    def side_shape(self, size: tuple[int, int]) -> tuple[int, int, int]:
        """(K, h', w') of the side information of a code of `size` (h, w)."""

    @abc.abstractmethod
    def entropy_model(self, side: Tensor, *, quality: int, size: tuple[int, int]) -> EntropyModel:
        """What the integers of the code are coded with, from the side information (1, K, h', w'), for a code of `size`
        (h, w)."""

    @abc.abstractmethod
    def synthesize(self, code: Tensor, *, quality: int) -> Images:
        """Images (1, C, H, W) of a code (1, M, h, w), integers plus mean; differentiable in it."""

    @abc.abstractmethod
    def synthesize_exactly(self, code: Tensor, *, quality: int) -> Images:
        """As `synthesize`, in float64 on the CPU, the same to the last bit on every machine; it takes longer."""
