"""Gaussians with diagonal covariance: the posterior of a variational autoencoder's code."""

__all__ = ["Gaussian", "standard_log_prob"]

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from copyist.randomness import draw_normal
from copyist.tensors import Codes


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Gaussian:
    """One Gaussian with diagonal covariance per example."""

    mean: Codes
    """(B, ...)."""

    log_variance: Codes
    """(B, ...), the natural logarithm of each unit's variance."""

    @staticmethod
    def of(*, mean: Codes, log_variance: Codes) -> "Gaussian":
        """The Gaussian whose parameters a layer put out, in float32 at least."""
        is_short = mean.dtype.itemsize < 4
        return Gaussian(
            mean=mean.float() if is_short else mean, log_variance=log_variance.float() if is_short else log_variance
        )

    def draw(self, *, samples: int, generator: torch.Generator) -> Tensor:
        """Codes (K, B, ...), K for each example, through which gradients pass: μ + σ·ε with ε ~ N(0, I).

        Source:
            Kingma & Welling (2013), section 2.4.
        """
        epsilon = draw_normal((samples, *self.mean.shape), generator=generator, like=self.mean, axis=1)
        return self.mean + (self.log_variance / 2).exp() * epsilon

    def log_prob(self, z: Tensor) -> Tensor:
        """Log-densities (K, B), in nats, of codes (K, B, ...)."""
        squares = (z - self.mean).square() / self.log_variance.exp()
        return -0.5 * (squares + self.log_variance + math.log(2 * math.pi)).flatten(2).sum(2)

    def divergence(self) -> Tensor:
        """KL(N(μ, σ²) ‖ N(0, 1)) of every unit, (B, ...), in nats.

            ½ (μ² + σ² − log σ² − 1)

        Source:
            Kingma & Welling (2013), appendix B.
        """
        return 0.5 * (self.mean.square() + self.log_variance.exp() - self.log_variance - 1)


def standard_log_prob(z: Tensor) -> Tensor:
    """Log-densities (K, B) of codes (K, B, ...) under N(0, I), in nats."""
    return -0.5 * (z.square() + math.log(2 * math.pi)).flatten(2).sum(2)
