"""The stochastic sampler of EDM: Heun's steps, before each of which some noise is added."""

__all__ = ["StochasticEDM", "stochastic_edm"]

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

from torch import Tensor

from copyist.checks import check_at_least, check_positive
from copyist.errors import ArgumentError
from copyist.models.contracts import Path
from copyist.procedures.diffusion.heun import heun_step
from copyist.procedures.diffusion.solver import DiffusionMethod
from copyist.procedures.diffusion.states import Denoise, Noise, State

_MOST = math.sqrt(2) - 1
"""The largest γ: no step adds more noise than the example has."""


def stochastic_edm(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    noise: Noise,
    churn: float,
    between: tuple[float, float] = (0.0, math.inf),
    inflation: float = 1.0,
    path: Path = "exploding",
) -> Iterator[State]:
    """Raise the noise level a little, and take Heun's step down from there.

        γ = min(churn, √2 − 1) where S_min ≤ σₙ ≤ S_max, else 0;  σ̂ = σₙ + γ·σₙ
        x̂ = x + √(σ̂² − σₙ²)·S_noise·ε,  ε ~ N(0, I);  then Heun's step from (x̂, σ̂) to σₙ₊₁

    Args:
        denoise: D.
        x: noisy examples (B, ...) of level σ₀.
        sigmas: σ₀ > … > σ_N.
        noise: draws ε.
        churn: S_churn / N, by what share each step raises the noise level.
        between: S_min and S_max, the levels at which it is.
        inflation: S_noise, the standard deviation of ε.
        path: in whose time Heun's steps are taken.

    Returns:
        A state after each of the N steps.

    Source:
        Karras et al. (2022), "Elucidating the Design Space of Diffusion-Based Generative Models", algorithm 2.
    """
    share = min(churn, _MOST)
    for sigma, following in pairwise(sigmas):
        gamma = share if between[0] <= sigma <= between[1] else 0.0
        raised = sigma + gamma * sigma
        if gamma > 0:
            x = x + math.sqrt(raised**2 - sigma**2) * inflation * noise(x)
        state = heun_step(denoise, x, raised, following, path=path)
        x = state.x
        yield state


@final
@dataclass(frozen=True, kw_only=True)
class StochasticEDM(DiffusionMethod):
    """The stochastic sampler of EDM, as `stochastic_edm`: two calls of the model and one draw of noise per step.

    The numbers are those of the paper for ImageNet at 64 pixels (table 5), where the spread is 0.5.
    """

    churn: float = 40.0
    """S_churn, at least 0: how much noise is added in all, by equal shares; none makes it `heun`."""

    lowest: float = 0.1
    """S_min, in units of the spread of the model's space: noise is added at no level below."""

    highest: float = 100.0
    """S_max, in these units: and at none above."""

    inflation: float = 1.003
    """S_noise, the standard deviation of that noise, a little more than 1 against what denoisers remove too much."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_at_least("churn", self.churn, 0)
        check_at_least("lowest", self.lowest, 0)
        check_positive("inflation", self.inflation)
        if not self.highest >= self.lowest:
            raise ArgumentError(
                f"highest must be at least lowest, got {self.highest} and {self.lowest}; raise it (--set highest=…)"
            )

    def chain(
        self, denoise: Denoise, x: Tensor, sigmas: Sequence[float], *, noise: Noise, path: Path
    ) -> Iterator[State]:
        between = (self.lowest, self.highest)
        return stochastic_edm(
            denoise,
            x,
            sigmas,
            noise=noise,
            churn=self.churn / self.steps,
            between=between,
            inflation=self.inflation,
            path=path,
        )
