"""DPM-Solver++(2M): the linear part of the flow solved exactly, and the estimate extrapolated from two steps."""

__all__ = ["DPMSolver", "dpm_solver"]

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal, final

from torch import Tensor

from copyist.models.contracts import Path
from copyist.procedures.diffusion.solver import DiffusionMethod
from copyist.procedures.diffusion.states import Denoise, Noise, State


def dpm_solver(denoise: Denoise, x: Tensor, sigmas: Sequence[float]) -> Iterator[State]:
    """Follow the probability flow with the estimate extrapolated in λ = −log σ to the middle of each step.

        hₙ = λₙ₊₁ − λₙ = log(σₙ / σₙ₊₁),  r = hₙ₋₁ / hₙ,  Dₙ = D(x; σₙ)
        D̄ = (1 + 1/(2r))·Dₙ − 1/(2r)·Dₙ₋₁
        x ← (σₙ₊₁ / σₙ)·x + (1 − σₙ₊₁ / σₙ)·D̄

    The first step takes D̄ = D₀, and so does a step to level 0, where h is infinite: it gives Dₙ.

    Args:
        denoise: D.
        x: noisy examples (B, ...) of level σ₀.
        sigmas: σ₀ > … > σ_N.

    Returns:
        A state after each of the N steps.

    Source:
        Lu et al. (2022), "DPM-Solver++: Fast Solver for Guided Sampling of Diffusion Probabilistic Models", algorithm
        2, with α = 1.
    """
    before: tuple[Tensor, float] | None = None
    for sigma, following in pairwise(sigmas):
        x_hat = extrapolated = denoise(x, sigma)
        if following > 0:
            h = math.log(sigma / following)
            if before is not None:
                earlier, earlier_h = before
                extrapolated = x_hat + h / (2 * earlier_h) * (x_hat - earlier)
            before = x_hat, h
        x = following / sigma * x + (1 - following / sigma) * extrapolated
        yield State(x=x, x_hat=x_hat)


@final
@dataclass(frozen=True, kw_only=True)
class DPMSolver(DiffusionMethod):
    """DPM-Solver++(2M), as `dpm_solver`: one call of the model per step, of second order."""

    order: ClassVar[Literal[1, 2] | None] = 2

    def chain(
        self, denoise: Denoise, x: Tensor, sigmas: Sequence[float], *, noise: Noise, path: Path
    ) -> Iterator[State]:
        return dpm_solver(denoise, x, sigmas)
