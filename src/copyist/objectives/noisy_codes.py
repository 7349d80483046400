"""Copying through a noisy code, so that a decoder, and a diffusion model of codes, forgive small errors in them."""

__all__ = ["BoundedRate", "LatentDenoising"]

import abc
import math
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor
from torch.nn import functional as F

from copyist.checks import check_positive, check_within
from copyist.devices import gather_batch
from copyist.models.contracts import Autoencoder, Model, needs
from copyist.objectives.base import Objective
from copyist.randomness import SharedGenerator, draw_normal, draw_uniform
from copyist.tensors import Codes, Images


@dataclass(frozen=True, kw_only=True)
class _NoisyCode(Objective):
    """The squared error of what is decoded from a code with noise: mean (D(z̃) − x)², z = E(x).

    Noise is in units of the standard deviation of each channel, or unit, of the batch's codes, of which no gradient is
    taken: larger codes do not drown it.
    """

    trains: ClassVar[type[Model]] = Autoencoder

    @abc.abstractmethod
    def noisy(self, z: Codes, *, generator: torch.Generator) -> Codes:
        """z̃, for codes whose channels have mean 0 and standard deviation 1."""

    @final
    def __call__(self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        coder = needs(model, Autoencoder, verb=type(self).__name__)
        z = coder.encode(x).float()
        mean, std = _channel_statistics(z.detach(), generator)
        z_tilde = mean + std * self.noisy((z - mean) / std, generator=generator)
        return F.mse_loss(coder.decode(z_tilde).float(), x)

    @final
    def measures(
        self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None
    ) -> dict[str, float]:
        return {"copy_mse": float(F.mse_loss(needs(model, Autoencoder, verb="copying")(x).float(), x))}


@final
@dataclass(frozen=True, kw_only=True)
class LatentDenoising(_NoisyCode):
    """The squared error of the image that is decoded from its code, drawn toward noise by a random share.

        z̃ = (1 − τ)·z + τ·γ·ε,  τ ~ U(0, most),  ε ~ N(0, I);  mean (D(z̃) − x)²

    in standardized codes. Interpolation, unlike added noise, cannot be outgrown by larger codes.

    Source:
        Yang et al. (2025), "Latent Denoising Makes Good Tokenizers", arXiv 2507.15856, whose noise is
        not in units of the code's deviation.
    """

    strength: float = 1.0
    """γ, in standard deviations of the code."""

    most: float = 1.0
    """The largest share τ, in (0, 1]."""

    def __post_init__(self) -> None:
        check_positive("strength", self.strength)
        check_positive("most", self.most)
        check_within("most", self.most, 0, 1)

    def noisy(self, z: Codes, *, generator: torch.Generator) -> Codes:
        drawn = self.most * draw_uniform((len(z),), generator=generator)
        share = drawn.to(z).view(-1, *(1 for _ in z.shape[1:]))
        return (1 - share) * z + share * draw_normal(z.shape, std=self.strength, generator=generator, like=z)


@final
@dataclass(frozen=True, kw_only=True)
class BoundedRate(_NoisyCode):
    """The squared error of the image that is decoded from its code and noise of a fixed level.

        z̃ = z + σ·ε,  ε ~ N(0, I);  mean (D(z̃) − x)²

    in standardized codes. A value of z̃ tells at most ½·log₂(1 + 1/σ²) bits, the capacity of the channel, and a
    diffusion model need not resolve what is finer than σ.

    Source:
        "Unified Latents" (2026), arXiv 2602.17270, of which this is the encoder with fixed noise; there a prior that
        is trained together with it bounds the rate, and here the code's variance alone does. Shannon (1948), theorem
        17, for the capacity.
    """

    sigma: float = 0.1
    """In standard deviations of the code."""

    def __post_init__(self) -> None:
        check_positive("sigma", self.sigma)

    @property
    def bits_per_value(self) -> float:
        """What a value of the noisy code tells at most."""
        return math.log2(1 + self.sigma**-2) / 2

    def noisy(self, z: Codes, *, generator: torch.Generator) -> Codes:
        return z + draw_normal(z.shape, std=self.sigma, generator=generator, like=z)


def _channel_statistics(z: Codes, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel of maps (B, C, h, w), over images and positions; of each unit of
    other codes (B, ...), over images: those of all processes that share a batch."""
    axes = (0, 2, 3) if z.ndim == 4 else (0,)
    z = z if not isinstance(generator, SharedGenerator) else gather_batch(z)
    mean, std = z.mean(axes, keepdim=True), z.std(axes, correction=0, keepdim=True)
    return mean, torch.where(std > 0, std, 1)
