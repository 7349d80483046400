"""Euler's method on the probability flow: a straight step to the next noise level, of first order."""

__all__ = ["Euler", "euler"]

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal, final

from torch import Tensor

from copyist.models.contracts import Path
from copyist.procedures.diffusion.solver import DiffusionMethod
from copyist.procedures.diffusion.states import Denoise, Noise, State


def euler(denoise: Denoise, x: Tensor, sigmas: Sequence[float]) -> Iterator[State]:
    """Follow the probability flow dx / dσ = (x − D(x; σ)) / σ from noise level to noise level.

        x ← D + (σₙ₊₁ / σₙ)·(x − D),  D = D(x; σₙ)

    The same steps on the straight path (1 − t)·x + t·ε are these ones: they agree in every parameterization whose
    scale and noise level are functions of one time, and are those of DDIM.

    Args:
        denoise: D.
        x: noisy examples (B, ...) of level σ₀.
        sigmas: σ₀ > … > σ_N.

    Returns:
        A state after each of the N steps.

    Source:
        Song et al. (2020), "Denoising Diffusion Implicit Models", equation 13; Karras et al. (2022), algorithm 1,
        without the correction.
    """
    for sigma, following in pairwise(sigmas):
        x_hat = denoise(x, sigma)
        x = x_hat + following / sigma * (x - x_hat)
        yield State(x=x, x_hat=x_hat)


@final
@dataclass(frozen=True, kw_only=True)
class Euler(DiffusionMethod):
    """Euler's method, as `euler`: one call of the model per step, of first order."""

    order: ClassVar[Literal[1, 2] | None] = 1

    def chain(
        self, denoise: Denoise, x: Tensor, sigmas: Sequence[float], *, noise: Noise, path: Path
    ) -> Iterator[State]:
        return euler(denoise, x, sigmas)
