"""Heun's method on the probability flow: a step corrected by the slope at its end, of second order."""

__all__ = ["Heun", "heun", "heun_step"]

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal, final

from torch import Tensor

from copyist.models.contracts import Path
from copyist.procedures.diffusion.solver import DiffusionMethod
from copyist.procedures.diffusion.states import Denoise, Noise, State


def heun(denoise: Denoise, x: Tensor, sigmas: Sequence[float], *, path: Path = "exploding") -> Iterator[State]:
    """Follow the probability flow by the mean of its velocities at both ends of a step, in the time τ of a path.

        exploding:  z = x,            τ = σ
        straight:   z = x / (1 + σ),  τ = σ / (1 + σ),  so that z = (1 − τ)·x₀ + τ·ε
        v = (z − D(x; σₙ)) / τₙ,  z′ = z + (τₙ₊₁ − τₙ)·v,  v′ = (z′ − D(x′; σₙ₊₁)) / τₙ₊₁
        z ← z + (τₙ₊₁ − τₙ)·(v + v′) / 2

    A step to level 0 is Euler's, which is the same in every time. Heun's is not: evenly spaced times of the straight
    path are so unevenly spaced in σ that its error there is many times larger in σ.

    Args:
        denoise: D.
        x: noisy examples (B, ...) of level σ₀, in units of the data's spread around its center.
        sigmas: σ₀ > … > σ_N, in these units.
        path: whose time it is.

    Returns:
        A state after each of the N steps.

    Source:
        Karras et al. (2022), algorithm 1, for x + σ·ε, and section 2 for others.
    """
    for sigma, following in pairwise(sigmas):
        state = heun_step(denoise, x, sigma, following, path=path)
        x = state.x
        yield state


def heun_step(denoise: Denoise, x: Tensor, sigma: float, following: float, *, path: Path) -> State:
    """One step of `heun`, from σₙ to σₙ₊₁."""
    x_hat = denoise(x, sigma)
    scale, next_scale = (1.0, 1.0) if path == "exploding" else (1 / (1 + sigma), 1 / (1 + following))
    time, next_time = scale * sigma, next_scale * following
    z = scale * x
    velocity = (z - x_hat) / time
    ahead = z + (next_time - time) * velocity
    if following > 0:
        velocity_ahead = (ahead - denoise(ahead / next_scale, following)) / next_time
        ahead = z + (next_time - time) * (velocity + velocity_ahead) / 2
    return State(x=ahead / next_scale, x_hat=x_hat)


@final
@dataclass(frozen=True, kw_only=True)
class Heun(DiffusionMethod):
    """Heun's method, as `heun`: two calls of the model per step but for the last, of second order."""

    order: ClassVar[Literal[1, 2] | None] = 2

    def chain(
        self, denoise: Denoise, x: Tensor, sigmas: Sequence[float], *, noise: Noise, path: Path
    ) -> Iterator[State]:
        return heun(denoise, x, sigmas, path=path)
