"""Samplers on Gaussian data, whose probability flow has a closed form."""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from copyist.procedures.diffusion import Denoise, State, euler, heun
from copyist.schedules import exploding_levels, straight_levels

MEAN, STD = 0.3, 0.7


def optimal(x: Tensor, sigma: float) -> Tensor:
    """E[x₀ | x₀ + σ·ε] for x₀ ~ N(MEAN, STD²)."""
    return MEAN + STD**2 / (STD**2 + sigma**2) * (x - MEAN)


def flow(x: Tensor, sigma: float) -> Tensor:
    """Where the probability flow takes x of this noise level at level 0."""
    return MEAN + STD / math.sqrt(STD**2 + sigma**2) * (x - MEAN)


Solver = Callable[[Denoise, Tensor, Sequence[float]], Iterator[State]]


def final(solver: Solver, x: Tensor, sigmas: Sequence[float]) -> Tensor:
    *_, last = solver(optimal, x, sigmas)
    return last.x


@pytest.mark.parametrize(("solver", "order"), [(euler, 1), (heun, 2)])
def test_a_solver_has_the_order_of_its_paper(solver: Solver, order: int) -> None:
    x = torch.linspace(-3, 3, 7, dtype=torch.float64)
    # Between two levels above 0: the last step to 0 is Euler's in every solver.
    exact = MEAN + (flow(x, 2.0) - MEAN) * math.sqrt(STD**2 + 0.1**2) / STD
    errors = [
        float((final(solver, x, torch.linspace(2.0, 0.1, steps + 1).tolist()) - exact).abs().max())
        for steps in (40, 80, 160)
    ]
    measured = [math.log2(first / second) for first, second in pairwise(errors)]
    assert measured == pytest.approx([order, order], abs=0.15)


@pytest.mark.parametrize("solver", [euler, heun])
def test_with_many_steps_noise_becomes_the_data(solver: Solver) -> None:
    sigmas = exploding_levels(200, largest=80.0)
    x = sigmas[0] * torch.randn(20_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    samples = final(solver, x, sigmas)
    assert float(samples.mean()) == pytest.approx(MEAN, abs=0.02)
    assert float(samples.std()) == pytest.approx(STD, abs=0.02)


def test_straight_levels_are_evenly_spaced_in_time_and_exploding_ones_as_in_their_paper() -> None:
    straight = straight_levels(4, largest=1000.0)
    times = [level / (1 + level) for level in straight]
    assert times == pytest.approx([n / 4 * 1000 / 1001 for n in (4, 3, 2, 1, 0)])
    first, *_, last, end = exploding_levels(18, largest=80.0, smallest=0.002)
    assert (first, last, end) == (pytest.approx(80.0), pytest.approx(0.002), 0.0)
    assert exploding_levels(1, largest=80.0) == (pytest.approx(80.0), 0.0)
