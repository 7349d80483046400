"""Likelihoods in nats per image: a result that pages and documents hold without importing torch."""

__all__ = ["Nats"]

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, kw_only=True)
class Nats:
    """Likelihood measures of a model: means over images, in nats per image."""

    num_images: int

    samples: int
    """Codes per image that `negative_log_likelihood` was estimated by."""

    negative_log_likelihood: float
    """An upper bound in expectation, tighter with more samples."""

    negative_elbo: float
    """Reconstruction and divergence together."""

    reconstruction: float
    """−E[log p(x | z)], with as many codes per image."""

    divergence: float
    """KL(q(z | x) ‖ N(0, I))."""

    divergence_per_unit: tuple[float, ...]
    """Of each unit of the code, the largest first."""

    active_units: int
    """Units whose posterior mean has a variance above 0.01 over the images."""

    bits_per_value: float
    """The negative log-likelihood in bits per value of an image; of a density it may be negative."""
