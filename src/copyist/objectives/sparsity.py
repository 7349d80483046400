"""Sparse codes: copy with few active units per image."""

__all__ = ["KLSparsity", "L1Sparsity", "code_measures"]

import math
from dataclasses import dataclass, field
from typing import ClassVar, final, get_args

import torch
from torch import Tensor
from torch.nn import functional as F

from copyist.checks import check_at_least, check_choice
from copyist.corruption import Corruption, Identity
from copyist.devices import mean_over_processes
from copyist.errors import ArgumentError
from copyist.metrics.jacobian_probes import probed_column_norms
from copyist.metrics.sparsity import active_units, effective_share
from copyist.models.contracts import Autoencoder, Model, needs
from copyist.objectives.base import PROBE_SCALE, Objective
from copyist.objectives.contraction import Scale, differentiable_copy
from copyist.tensors import Codes, Images

_NEVER_CERTAIN = 1e-6
"""How far a mean activation is kept from 0 and 1, where the divergence is infinite."""


@final
@dataclass(frozen=True, kw_only=True)
class L1Sparsity(Objective):
    """Copying with an L1 penalty on the activations, for images of N values:

        mean (D(E(x̃)) − x)² + λ/N · mean over images of Σᵢ |zᵢ| · ‖∂x̂/∂zᵢ‖,  z = E(x̃)

    The plain sum Σ|zᵢ| can be escaped: code / a, decoder · a costs less and copies the same. With the norm of what one
    unit does to the image it cannot, whatever the decoder; for one linear layer it is the norm of the unit's column.
    The norms are estimated by one backward pass with random weights, right in the mean.

    Source:
        Bricken et al. (2023), "Towards Monosemanticity", for L1 on a dictionary's code; Conerly et al. (2024), "Update
        on how we train SAEs", for the norms of columns, here of any decoder.
    """

    trains: ClassVar[type[Model]] = Autoencoder

    weight: float
    """λ, at least 0, in units of pixel value; 0 only copies."""

    scale: Scale = "image"
    """Whether the penalty is as above, or on |zᵢ| alone, which a growing decoder escapes."""

    corruption: Corruption = field(default_factory=Identity)
    """C, x̃ = C(x), drawn anew for every image and step."""

    def __post_init__(self) -> None:
        check_at_least("weight", self.weight, 0)
        check_choice("scale", self.scale, get_args(Scale))

    @property
    def differentiates(self) -> bool:
        return self.scale == "image"

    def __call__(self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        copier = needs(model, Autoencoder, verb="L1Sparsity")
        x_tilde = self.corruption(x, generator=generator)
        if self.scale == "code":
            z = copier.encode(x_tilde)
            penalty = z.float().abs().sum() / x.numel()
            return F.mse_loss(copier.decode(z).float(), x) + self.weight * penalty
        _, z, x_hat = differentiable_copy(copier, x_tilde, follow="code")
        norms = probed_column_norms(x_hat, z, generator=generator)
        penalty = (z.float().abs() * norms).sum() / x.numel()
        loss = F.mse_loss(x_hat.float(), x) + self.weight * penalty
        return loss if torch.is_grad_enabled() else loss.detach()

    def measures(
        self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None
    ) -> dict[str, float]:
        return code_measures(needs(model, Autoencoder, verb="L1Sparsity").encode(x))


@final
@dataclass(frozen=True, kw_only=True)
class KLSparsity(Objective):
    """Copying, with every unit's mean activation over the batch, ρ̂ᵢ, drawn toward a rate ρ, for images of N values:

        mean (D(E(x̃)) − x)² + λ/N · Σᵢ KL(ρ ‖ ρ̂ᵢ),  KL(ρ ‖ ρ̂) = ρ ln(ρ/ρ̂) + (1 − ρ) ln((1 − ρ)/(1 − ρ̂))

    The activations are taken for rates, so the code must lie in [0, 1], as a sigmoid's does. Only their means count: a
    unit that is at ρ for every image costs nothing, and carries almost no information about the image.

    Source:
        Ng (2011), "Sparse autoencoder", CS294A lecture notes, section 3, up to a factor of 2 in λ.
    """

    trains: ClassVar[type[Model]] = Autoencoder

    weight: float
    """λ, at least 0; 0 only copies."""

    rate: float = 0.05
    """ρ, in (0, 1)."""

    corruption: Corruption = field(default_factory=Identity)
    """C, x̃ = C(x), drawn anew for every image and step."""

    def __post_init__(self) -> None:
        check_at_least("weight", self.weight, 0)
        if not 0 < self.rate < 1:
            raise ArgumentError(f"rate must lie between 0 and 1, both excluded, got {self.rate}; take rate=0.05")

    def __call__(self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        copier = needs(model, Autoencoder, verb="KLSparsity")
        z = copier.encode(self.corruption(x, generator=generator))
        _check_rates(z)
        mean = mean_over_processes(z.float().mean(0), generator)
        divergence = _divergence(self.rate, mean).sum()
        return F.mse_loss(copier.decode(z).float(), x) + self.weight * divergence / x[0].numel()

    def try_batch(self, model: Model, x: Images, *, labels: Tensor | None) -> None:
        super().try_batch(model, x, labels=labels)
        _check_rates(needs(model, Autoencoder, verb="KLSparsity").encode(PROBE_SCALE * x))

    def measures(
        self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None
    ) -> dict[str, float]:
        z = needs(model, Autoencoder, verb="KLSparsity").encode(x)
        return {"mean_activation": float(z.mean()), **code_measures(z)}


def code_measures(z: Codes) -> dict[str, float]:
    """What the history records of the codes (B, ...) of a batch.

    Returns:
        `active_share`, the mean share of units above 1 % of the largest activation; `effective_share`, the mean share
        in use, each unit counted by its activation; `silent_units`, how many units no image of the batch activates.
    """
    active = active_units(z)
    shares = effective_share(z.float())
    return {
        "active_share": float(active.float().mean()),
        "effective_share": float(shares.nan_to_num(0.0).mean()),
        "silent_units": float((~active.any(0)).sum()),
    }


def _divergence(rate: float, mean: Tensor) -> Tensor:
    """KL(ρ ‖ ρ̂) in nats, of Bernoulli distributions with these rates."""
    mean = mean * (1 - 2 * _NEVER_CERTAIN) + _NEVER_CERTAIN
    entropy = rate * math.log(rate) + (1 - rate) * math.log(1 - rate)
    return entropy - rate * mean.log() - (1 - rate) * torch.log1p(-mean)


def _check_rates(z: Codes) -> None:
    low, high = (float(bound) for bound in z.detach().aminmax())
    # What is not a number is for the loop to notice.
    if low < 0 or high > 1:
        raise ArgumentError(
            f"KLSparsity takes a code for rates, which must lie in [0, 1], got values from {low:.3g} to {high:.3g}; "
            "take a model with --set activation=sigmoid, or L1Sparsity"
        )
