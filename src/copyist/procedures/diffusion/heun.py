"""Heun's method on the probability flow: a step corrected by the slope at its end, of second order."""

__all__ = ["Heun", "heun"]

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import torch
from torch import Tensor

from copyist.procedures.diffusion.solver import Denoise, DiffusionMethod, State


def heun(denoise: Denoise, x: Tensor, sigmas: Sequence[float]) -> Iterator[State]:
    """Follow the probability flow dx / dσ = (x − D(x; σ)) / σ by the mean of the slopes at both ends of a step.

        d = (x − D(x; σₙ)) / σₙ,  x′ = x + (σₙ₊₁ − σₙ)·d,  d′ = (x′ − D(x′; σₙ₊₁)) / σₙ₊₁
        x ← x + (σₙ₊₁ − σₙ)·(d + d′) / 2

    A step to level 0 is Euler's.

    Args:
        denoise: D.
        x: noisy examples (B, ...) of level σ₀.
        sigmas: σ₀ > … > σ_N.

    Returns:
        A state after each of the N steps.

    Source:
        Karras et al. (2022), algorithm 1.
    """
    for sigma, following in pairwise(sigmas):
        x_hat = denoise(x, sigma)
        slope = (x - x_hat) / sigma
        ahead = x + (following - sigma) * slope
        if following > 0:
            slope_ahead = (ahead - denoise(ahead, following)) / following
            ahead = x + (following - sigma) * (slope + slope_ahead) / 2
        x = ahead
        yield State(x=x, x_hat=x_hat)


@final
@dataclass(frozen=True, kw_only=True)
class Heun(DiffusionMethod):
    """Heun's method, as `heun`: two calls of the model per step but for the last, of second order."""

    def chain(
        self, denoise: Denoise, x: Tensor, sigmas: Sequence[float], *, generator: torch.Generator
    ) -> Iterator[State]:
        return heun(denoise, x, sigmas)
