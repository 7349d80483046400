"""Bounds on the likelihood of an image, in nats."""

__all__ = ["ACTIVE", "ELBO", "ImportanceWeighted", "binarized", "importance_weighted_bound"]

import math
from dataclasses import dataclass, replace
from typing import ClassVar, final

import torch
from torch import Tensor

from copyist.checks import check_at_least, check_whole, check_within
from copyist.devices import mean_over_processes
from copyist.models.contracts import Model, Variational, log_weights, needs
from copyist.objectives.base import Objective
from copyist.randomness import draw_uniform
from copyist.tensors import Images, PerImage

ACTIVE = 0.01
"""A unit is active if its posterior mean varies by more than this from image to image (Burda et al., 2016)."""


@final
@dataclass(frozen=True, kw_only=True)
class ELBO(Objective):
    """The negative evidence lower bound: reconstruction error and KL divergence, in nats.

        −E[log p(x | z)] + β·KL(q(z | x) ‖ N(0, I)),  z ~ q(z | x)

    Both are sums over an image's values and a code's units, and their sum's mean is taken over images: with β = 1 and
    no free nats it is the negative ELBO in nats per image.

    Source:
        Kingma & Welling (2013), equation 10; Higgins et al. (2017) for β; Bowman et al. (2016), section 3.1, for the
        warm-up; Kingma et al. (2016), appendix C.8, for free bits.
    """

    trains: ClassVar[type[Model]] = Variational

    beta: float = 1.0
    """Weight of the KL divergence."""

    warmup: float = 0.0
    """Share of the training over which β rises from 0, to prevent posterior collapse early in training."""

    free_nats: float = 0.0
    """λ, the free bits: each unit of the code costs so many nats, as a mean over the batch, even if it holds fewer."""

    binarize: bool = False
    """Whether images are binarized anew at every step: a value of 0.3 is 1 with a probability of 0.3."""

    def __post_init__(self) -> None:
        check_at_least("beta", self.beta, 0)
        check_within("warmup", self.warmup, 0, 1)
        check_at_least("free_nats", self.free_nats, 0)

    def at_progress(self, progress: float) -> "ELBO":
        if progress >= self.warmup:
            return self
        return replace(self, beta=self.beta * progress / self.warmup)

    def try_batch(self, model: Model, x: Images, *, labels: Tensor | None) -> None:
        _try_likelihood(model, x, binarize=self.binarize)

    def __call__(self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        x = binarized(x, generator) if self.binarize else x
        reconstruction, divergence = _terms(needs(model, Variational, verb="the ELBO"), x, generator)
        # A unit's mean over the batch is what may be free, so that images share what they are given.
        if self.free_nats:
            code = mean_over_processes(divergence.mean(0), generator).clamp(min=self.free_nats).sum()
        else:
            code = divergence.sum(1).mean()
        return reconstruction.mean() + self.beta * code

    def measures(
        self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None
    ) -> dict[str, float]:
        x = binarized(x, generator) if self.binarize else x
        return _measures(needs(model, Variational, verb="the ELBO"), x, generator)


@final
@dataclass(frozen=True, kw_only=True)
class ImportanceWeighted(Objective):
    """The negative importance-weighted bound, in nats per image.

        −log (1/K) Σₖ p(x, zₖ) / q(zₖ | x),  z₁ … z_K ~ q(z | x)

    With K = 1 it is the negative ELBO, in expectation; it falls with K to −log p(x).

    Source:
        Burda et al. (2016), equation 8.
    """

    trains: ClassVar[type[Model]] = Variational

    samples: int = 50
    """K, codes per image."""

    binarize: bool = False
    """Whether images are binarized anew at every step: a value of 0.3 is 1 with a probability of 0.3."""

    def __post_init__(self) -> None:
        check_whole("samples", self.samples, 1)

    def try_batch(self, model: Model, x: Images, *, labels: Tensor | None) -> None:
        _try_likelihood(model, x, binarize=self.binarize)

    def __call__(self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        x = binarized(x, generator) if self.binarize else x
        variational = needs(model, Variational, verb="the importance-weighted bound")
        return -importance_weighted_bound(variational, x, samples=self.samples, generator=generator).mean()

    def measures(
        self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None
    ) -> dict[str, float]:
        x = binarized(x, generator) if self.binarize else x
        return _measures(needs(model, Variational, verb="the importance-weighted bound"), x, generator)


def importance_weighted_bound(model: Variational, x: Images, *, samples: int, generator: torch.Generator) -> PerImage:
    """log (1/K) Σₖ p(x, zₖ) / q(zₖ | x) of images (B, C, H, W), in nats: (B,), with K `samples` per image."""
    return log_weights(model, x, samples=samples, generator=generator).logsumexp(0) - math.log(samples)


def binarized(x: Images, generator: torch.Generator) -> Images:
    """Images (B, C, H, W) of 0 and 1, each value drawn to be 1 with the probability that it names."""
    draws = draw_uniform(x.shape, generator=generator).to(x.device)
    return (draws < x).to(x.dtype)


def _terms(model: Variational, x: Images, generator: torch.Generator) -> tuple[PerImage, Tensor]:
    """Nats of each image's reconstruction, (B,), and of each unit of its code, (B, D)."""
    posterior = model.posterior(x)
    z = posterior.draw(samples=1, generator=generator)[0]
    return -model.likelihood(z).log_prob(x), posterior.divergence().flatten(1)


def _measures(model: Variational, x: Images, generator: torch.Generator) -> dict[str, float]:
    reconstruction, divergence = _terms(model, x, generator)
    per_unit = divergence.mean(0)
    spread = model.posterior(x).mean.flatten(1).var(0, correction=0)
    return {
        "reconstruction_nats": float(reconstruction.mean()),
        "kl_nats": float(per_unit.sum()),
        "kl_of_largest_unit": float(per_unit.max()),
        "active_units": float((spread > ACTIVE).sum()),
    }


def _try_likelihood(model: Model, x: Images, *, binarize: bool) -> None:
    """Let the likelihood refuse images, whatever the code may be."""
    variational = needs(model, Variational, verb="a likelihood")
    if binarize:
        x = x.round().clamp(0, 1)
    z = x.new_zeros(len(x), *variational.code_shape(tuple(x.shape[1:])))
    variational.likelihood(z).log_prob(x)
