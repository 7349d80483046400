"""Ancestral sampling: each step removes noise and adds some of it anew, as DDPM does."""

__all__ = ["Ancestral", "ancestral"]

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

from torch import Tensor

from copyist.checks import check_within
from copyist.models.contracts import Path
from copyist.procedures.diffusion.solver import DiffusionMethod
from copyist.procedures.diffusion.states import Denoise, Noise, State


def ancestral(
    denoise: Denoise, x: Tensor, sigmas: Sequence[float], *, noise: Noise, eta: float = 1.0
) -> Iterator[State]:
    """Draw from a Gaussian between the estimate and the noisy example, noise level by noise level.

        σ_up = η·(σₙ₊₁ / σₙ)·√(σₙ² − σₙ₊₁²),  σ_down = √(σₙ₊₁² − σ_up²),  D = D(x; σₙ)
        x ← D + (σ_down / σₙ)·(x − D) + σ_up·ε,  ε ~ N(0, I)

    With η = 1 it is the posterior q(xₙ₊₁ | xₙ, x₀ = D) that DDPM draws from, with η = 0 Euler's method, and between
    them DDIM's family; in the variables x₀ + σ·ε all of them read as here.

    Args:
        denoise: D.
        x: noisy examples (B, ...) of level σ₀.
        sigmas: σ₀ > … > σ_N.
        noise: draws ε.
        eta: η in [0, 1], the share of the noise that is drawn anew.

    Returns:
        A state after each of the N steps.

    Source:
        Ho et al. (2020), "Denoising Diffusion Probabilistic Models", algorithm 2 and equation 7; Song et al. (2020),
        "Denoising Diffusion Implicit Models", equations 12 and 16.
    """
    for sigma, following in pairwise(sigmas):
        x_hat = denoise(x, sigma)
        up = eta * following / sigma * math.sqrt(sigma**2 - following**2)
        # Not below 0 by rounding, where a step removes nearly all noise.
        down = math.sqrt(max(0.0, following**2 - up**2))
        x = x_hat + down / sigma * (x - x_hat)
        if up > 0:
            x = x + up * noise(x)
        yield State(x=x, x_hat=x_hat)


@final
@dataclass(frozen=True, kw_only=True)
class Ancestral(DiffusionMethod):
    """Ancestral sampling, as `ancestral`: one call of the model and one draw of noise per step."""

    eta: float = 1.0
    """η in [0, 1]: 1 draws noise anew as DDPM does, 0 none."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_within("eta", self.eta, 0, 1)

    def chain(
        self, denoise: Denoise, x: Tensor, sigmas: Sequence[float], *, noise: Noise, path: Path
    ) -> Iterator[State]:
        return ancestral(denoise, x, sigmas, noise=noise, eta=self.eta)
