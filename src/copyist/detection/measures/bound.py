"""How improbable an example is to a variational autoencoder, by the bound that trained it."""

__all__ = ["EvidenceBound"]

from dataclasses import dataclass
from typing import final

import torch

from copyist.checks import check_whole
from copyist.detection.copies import Copies
from copyist.detection.measures.contract import AnomalyMeasure, Statistics
from copyist.models.contracts import Reconstructor, Variational, log_weights, needs
from copyist.randomness import generator
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
        with torch.no_grad():
            # One example at a time draws what it would draw alone.
            found = [
                log_weights(model, x[None], samples=self.samples, generator=generator(0, "evidence bound")).mean(0)
                for x in copies.x
            ]
        return -torch.cat(found).float()

    def check_model(self, model: Reconstructor) -> None:
        needs(model, Variational, verb="detect by a bound")
