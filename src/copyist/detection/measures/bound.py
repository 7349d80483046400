"""How improbable an example is to a variational autoencoder, by the bound that trained it."""

__all__ = ["EvidenceBound"]

from dataclasses import dataclass
from typing import final

import torch

from copyist.checks import check_whole
from copyist.detection.copies import Copies, at_least_float32
from copyist.detection.measures.contract import AnomalyMeasure, Statistics
from copyist.models.contracts import Model, Variational, needs
from copyist.models.in_batches import evaluation_mode
from copyist.randomness import draw_normal, generator
from copyist.tensors import PerImage


@final
@dataclass(frozen=True, kw_only=True)
class EvidenceBound(AnomalyMeasure):
    """−ELBO, in nats: −E log p(x | z) + KL(q(z | x) ‖ p(z)), estimated with the same draws for all examples.

    Source:
        Kingma & Welling (2014), equation 3; An & Cho (2015) detect by a part of it.
    """

    samples: int = 8
    """Codes drawn per example."""

    def __post_init__(self) -> None:
        check_whole("samples", self.samples, 1)

    def fit(self, train: Copies, held_out: Copies) -> Statistics:
        return {}

    def __call__(self, copies: Copies, statistics: Statistics) -> PerImage:
        model = needs(copies.model, Variational, verb="detect by a bound")
        x = copies.x
        with torch.no_grad(), evaluation_mode(model):
            posterior = model.posterior(x)
            source, shape = generator(0, "evidence bound"), (self.samples, *posterior.mean.shape[1:])
            draws = copies.draw(self, lambda: draw_normal(shape, generator=source, like=posterior.mean))
            z = posterior.mean + (posterior.log_variance / 2).exp() * draws[:, None]  # (K, B, ...)
            repeated = x.expand(self.samples, *x.shape).flatten(0, 1)  # (K·B, ...)
            likelihood = model.likelihood(z.flatten(0, 1)).log_prob(repeated).view(self.samples, x.shape[0]).mean(0)
            return at_least_float32(posterior.divergence().flatten(1).sum(1) - likelihood)

    def check_model(self, model: Model) -> None:
        needs(model, Variational, verb="detect by a bound")
