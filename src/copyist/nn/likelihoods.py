"""Likelihoods p(x | z) of pixel values, with the decoder's output as their parameters."""

__all__ = [
    "LIKELIHOODS",
    "Bernoulli",
    "DiscretizedLogistic",
    "GaussianPixels",
    "Likelihood",
    "LikelihoodHead",
    "Pixels",
]

import abc
import math
from dataclasses import dataclass
from typing import Literal, TypeAlias, final, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from copyist.errors import DataError
from copyist.randomness import draw_normal
from copyist.tensors import Images, PerImage

Pixels: TypeAlias = Literal["bernoulli", "gaussian", "logistic"]
"""The distribution of pixel values given the decoder's output.

bernoulli  each value is 0 or 1: for binary images
gaussian   a density about a mean, whose σ is learned, one for all pixels
logistic   probabilities of the 256 values of 8 bits, by a logistic law, whose scale is learned, one for all pixels
"""

LIKELIHOODS: tuple[str, ...] = get_args(Pixels)
"""Their names."""


class Likelihood(abc.ABC):
    """p(x | z): how likely images are, given their codes."""

    @abc.abstractmethod
    def mean(self) -> Images:
        """Its expectation, (B, C, H, W), in pixel values."""

    @abc.abstractmethod
    def draw(self, *, generator: torch.Generator) -> Images:
        """Images (B, C, H, W), each value drawn on its own."""

    @abc.abstractmethod
    def log_prob(self, x: Images) -> PerImage:
        """log p(x | z), in nats, the sum over the values of each image: (B,).

        Raises:
            DataError: the images have values that this likelihood gives no probability.
        """


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Bernoulli(Likelihood):
    """Each value is 1 with a probability, and else 0."""

    logits: Tensor
    """(B, C, H, W), log p − log (1 − p)."""

    def mean(self) -> Images:
        return self.logits.sigmoid()

    def draw(self, *, generator: torch.Generator) -> Images:
        return (_uniform(self.logits, generator) < self.mean()).to(self.logits.dtype)

    def log_prob(self, x: Images) -> PerImage:
        _check_binary(x)
        return -F.binary_cross_entropy_with_logits(self.logits, x, reduction="none").flatten(1).sum(1)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class GaussianPixels(Likelihood):
    """Each value is normal about its mean. It is a density: with a copy that is exact it grows without bound."""

    center: Images
    """(B, C, H, W), the means."""

    log_sigma: Tensor
    """The logarithm of σ in units of pixel value, a scalar; or (D,), one per column of a table."""

    def mean(self) -> Images:
        return self.center

    def draw(self, *, generator: torch.Generator) -> Images:
        noise = draw_normal(self.center.shape, generator=generator, like=self.center)
        return self.center + self.log_sigma.exp() * noise

    def log_prob(self, x: Images) -> PerImage:
        squares = ((x - self.center) / self.log_sigma.exp()).square()
        return -0.5 * (squares + 2 * self.log_sigma + math.log(2 * math.pi)).flatten(1).sum(1)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class DiscretizedLogistic(Likelihood):
    """The logistic law's mass in the interval of each 8-bit value k / 255; 0 and 1 have all that is beyond them.

        log (σ(a) − σ(b)) = log σ(a) + log σ(−b) + log (1 − exp(b − a)),  a, b = (x ± 1/510 − center) / scale

    Source:
        Kingma et al. (2016), appendix, for the law; Salimans et al. (2017), section 2.1, for its ends.
    """

    center: Images
    """(B, C, H, W), the law's centers; near 0 and 1 its ends draw the expectation inwards, which is left out."""

    log_scale: Tensor
    """A scalar, the logarithm of the scale in units of pixel value."""

    def mean(self) -> Images:
        return self.center

    def draw(self, *, generator: torch.Generator) -> Images:
        values = self.center + self.log_scale.exp() * _uniform(self.center, generator).logit(eps=1e-6)
        return (255 * values).round().clamp(0, 255) / 255

    def log_prob(self, x: Images) -> PerImage:
        _check_eight_bit(x)
        scale, half = self.log_scale.exp(), 1 / 510
        up, down = (x + half - self.center) / scale, (x - half - self.center) / scale
        below, above = F.logsigmoid(up), F.logsigmoid(-down)
        width = torch.log(-torch.expm1(-2 * half / scale))
        between = below + above + width
        inner = torch.where(x < half, below, between)
        return torch.where(x > 1 - half, above, inner).flatten(1).sum(1)


@final
class LikelihoodHead(nn.Module):
    """From a decoder's output (B, C, H, W) to the likelihood; it holds the learned scale that all pixels share."""

    def __init__(self, kind: Pixels) -> None:
        super().__init__()
        self.kind: Pixels = kind
        # In tenths, so that an optimizer which moves a weight by 0.001 at a time finds the spread in hundreds of steps.
        self.spread = None if kind == "bernoulli" else nn.Parameter(torch.zeros(()))

    def forward(self, answer: Tensor) -> Likelihood:
        """The likelihood with the decoder's output as its parameters, in float32 at least."""
        answer = answer.float() if answer.dtype.itemsize < 4 else answer
        if self.spread is None:
            return Bernoulli(logits=answer)
        log_spread = math.log(0.2) + 10 * self.spread
        if self.kind == "gaussian":
            return GaussianPixels(center=answer, log_sigma=log_spread)
        return DiscretizedLogistic(center=answer, log_scale=log_spread)


def _uniform(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.rand(like.shape, generator=generator, device=generator.device).to(like)


def _check_binary(x: Images) -> None:
    # Of all numbers only 0 and 1 are their own squares; this is looked at in every step of training.
    if not torch.equal(x * x, x):
        raise DataError(
            "a Bernoulli likelihood must be given images of 0 and 1 alone, got values between; "
            "add ?binarize=sample to the source, or build the model with a Gaussian likelihood "
            "(--set likelihood=gaussian)"
        )


def _check_eight_bit(x: Images) -> None:
    levels = x * 255
    if (levels - levels.round()).abs().max() > 1e-3 or x.min() < 0 or x.max() > 1:
        raise DataError(
            "a discretized logistic likelihood must be given 8-bit images, got values between k / 255; "
            "round them, or build the model with a Gaussian likelihood (--set likelihood=gaussian)"
        )
