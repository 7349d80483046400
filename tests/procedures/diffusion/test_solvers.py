"""Samplers on Gaussian data and on a mixture of two, whose probability flows have closed forms."""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
import torch
from scipy.optimize import brentq
from scipy.stats import kstest, norm
from torch import Tensor

from copyist.procedures.diffusion import (
    Denoise,
    State,
    ancestral,
    ascend,
    dpm_solver,
    euler,
    heun,
    stochastic_edm,
)
from copyist.schedules import exploding_levels, straight_levels

MEAN, STD = 0.3, 0.7
MEANS, NARROW = (-0.8, 0.5), 0.3
"""Of the mixture: two components, the second of weight 0.7."""
WEIGHTS = (0.3, 0.7)

Solver = Callable[[Denoise, Tensor, Sequence[float]], Iterator[State]]

heun_straight = partial(heun, path="straight")
SOLVERS = {"euler": (euler, 1), "heun": (heun, 2), "heun-straight": (heun_straight, 2), "dpm-solver": (dpm_solver, 2)}


def optimal(x: Tensor, sigma: float) -> Tensor:
    """E[x₀ | x₀ + σ·ε] for x₀ ~ N(MEAN, STD²)."""
    return MEAN + STD**2 / (STD**2 + sigma**2) * (x - MEAN)


def flow(x: Tensor, *, start: float, end: float) -> Tensor:
    """Where the probability flow takes x of one noise level at another."""
    return MEAN + math.sqrt(STD**2 + end**2) / math.sqrt(STD**2 + start**2) * (x - MEAN)


def optimal_of_two(x: Tensor, sigma: float) -> Tensor:
    """E[x₀ | x₀ + σ·ε] for the mixture."""
    total = NARROW**2 + sigma**2
    logs = torch.stack([math.log(w) - (x - m) ** 2 / (2 * total) for w, m in zip(WEIGHTS, MEANS, strict=True)])
    shares = logs.softmax(0)
    parts = torch.stack([m + NARROW**2 / total * (x - m) for m in MEANS])
    return (shares * parts).sum(0)


def flow_of_two(x: Tensor, *, start: float, end: float) -> Tensor:
    """In one dimension the flow keeps the share of the data that lies below."""

    def below(place: float, sigma: float) -> float:
        scale = math.hypot(NARROW, sigma)
        return sum(w * float(norm.cdf(place, m, scale)) for w, m in zip(WEIGHTS, MEANS, strict=True))

    def follow(place: float) -> float:
        share = below(place, start)
        found: Any = brentq(lambda y: below(y, end) - share, -2000, 2000, xtol=1e-14)
        return float(found)

    return torch.tensor([follow(float(place)) for place in x], dtype=x.dtype)


DATA = {"one": (optimal, flow), "two": (optimal_of_two, flow_of_two)}


def final(solver: Solver, denoise: Denoise, x: Tensor, sigmas: Sequence[float]) -> Tensor:
    *_, last = solver(denoise, x, sigmas)
    return last.x


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("name", SOLVERS)
def test_a_solver_has_the_order_of_its_paper(name: str, data: str) -> None:
    (solver, order), (denoise, exact) = SOLVERS[name], DATA[data]
    x = torch.linspace(-3, 3, 7, dtype=torch.float64)
    # Between two levels above 0: the last step to 0 is Euler's in every solver.
    wanted = exact(x, start=2.0, end=0.1)
    errors = []
    for steps in (80, 160, 320):
        found = final(solver, denoise, x, torch.linspace(2.0, 0.1, steps + 1, dtype=torch.float64).tolist())
        errors.append(float((found - wanted).abs().max()))
    measured = [math.log2(first / second) for first, second in pairwise(errors)]
    assert measured == pytest.approx([order, order], abs=0.15), measured


def test_in_the_time_of_the_straight_path_few_steps_of_heun_are_better_than_in_sigma() -> None:
    sigmas = straight_levels(8, largest=1000.0)
    x = sigmas[0] * torch.linspace(-2, 2, 41, dtype=torch.float64)
    wanted = flow_of_two(x, start=sigmas[0], end=0)

    def error(solver: Solver) -> float:
        return float((final(solver, optimal_of_two, x, sigmas) - wanted).square().mean().sqrt())

    assert error(heun_straight) < 0.5 * error(euler) < 0.5 * error(heun)
    assert error(dpm_solver) < 0.5 * error(euler)


@pytest.mark.parametrize("name", SOLVERS)
def test_with_many_steps_noise_becomes_the_data(name: str) -> None:
    sigmas = exploding_levels(200, largest=80.0)
    x = sigmas[0] * torch.randn(20_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    samples = final(SOLVERS[name][0], optimal, x, sigmas)
    assert float(samples.mean()) == pytest.approx(MEAN, abs=0.02)
    assert float(samples.std()) == pytest.approx(STD, abs=0.02)


@pytest.mark.parametrize("name", ["euler", "heun", "heun-straight"])
def test_up_and_down_again_the_error_shrinks_with_the_order(name: str) -> None:
    solver, order = SOLVERS[name]
    path = "straight" if "straight" in name else "exploding"
    x = torch.linspace(-2, 2, 7, dtype=torch.float64)
    errors = []
    for steps in (50, 100, 200):
        sigmas = straight_levels(steps, largest=3.0)
        above = ascend(solver, optimal, x, sigmas, path=path, order=order)
        errors.append(float((final(solver, optimal, above, sigmas) - x).abs().max()))
    measured = [math.log2(first / second) for first, second in pairwise(errors)]
    assert measured == pytest.approx([order, order], abs=0.25), measured


@pytest.mark.parametrize("name", SOLVERS)
def test_the_way_up_ends_where_the_flow_does(name: str) -> None:
    solver, order = SOLVERS[name]
    path = "straight" if "straight" in name else "exploding"
    x = torch.linspace(-2, 2, 7, dtype=torch.float64)
    above = ascend(solver, optimal, x, straight_levels(300, largest=3.0), path=path, order=order)
    torch.testing.assert_close(above, flow(x, start=0, end=3.0), rtol=2e-2 if order == 1 else 1e-4, atol=0)


def seeded_noise(seed: int) -> Callable[[Tensor], Tensor]:
    draws = torch.Generator().manual_seed(seed)
    return lambda x: torch.randn(x.shape, generator=draws, dtype=x.dtype)


STOCHASTIC = {
    "stochastic-edm": partial(stochastic_edm, churn=0.1),
    "stochastic-edm-straight": partial(stochastic_edm, churn=0.1, path="straight"),
    "stochastic-edm-between": partial(stochastic_edm, churn=9.0, between=(0.5, 20.0)),
}


@pytest.mark.parametrize("name", STOCHASTIC)
def test_samples_that_noise_is_added_to_have_the_law_of_the_data(name: str) -> None:
    sigmas = exploding_levels(150, largest=80.0)
    x = sigmas[0] * torch.randn(10_000, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    *_, last = STOCHASTIC[name](optimal, x, sigmas, noise=seeded_noise(2))
    # Of 10,000 draws the mean is known to 0.007 and the deviation to 0.005.
    assert float(last.x.mean()) == pytest.approx(MEAN, abs=0.02)
    assert float(last.x.std()) == pytest.approx(STD, abs=0.015)
    assert kstest(last.x.numpy(), norm(MEAN, STD).cdf).pvalue > 0.01
    # Noise was drawn: a sample is not where the flow takes its start.
    apart = last.x - flow(x, start=sigmas[0], end=0)
    assert float(apart.std()) > 0.3 * STD


def ancestral_variance(sigmas: Sequence[float], *, eta: float) -> float:
    """Of the samples that start with the variance of the data with noise, after the steps that DDIM's paper writes.

    There √ᾱ·x₀ + √(1 − ᾱ)·ε is the noisy example, so that ᾱ = 1 / (1 + σ²): Song et al. (2020), equations 12 and 16.
    """
    variance = (STD**2 + sigmas[0] ** 2) / (1 + sigmas[0] ** 2)
    for sigma, following in pairwise(sigmas):
        alpha, alpha_next = 1 / (1 + sigma**2), 1 / (1 + following**2)
        drawn = eta * math.sqrt((1 - alpha_next) / (1 - alpha)) * math.sqrt(1 - alpha / alpha_next)
        share = STD**2 / (STD**2 + sigma**2) / math.sqrt(alpha)
        noise_share = (1 - math.sqrt(alpha) * share) / math.sqrt(1 - alpha)
        factor = math.sqrt(alpha_next) * share + math.sqrt(1 - alpha_next - drawn**2) * noise_share
        variance = factor**2 * variance + drawn**2
    return variance


@pytest.mark.parametrize("eta", [0.5, 1.0])
@pytest.mark.parametrize("sigmas", [(3.0, 1.0, 0.4, 0.0), exploding_levels(60, largest=80.0)])
def test_ancestral_samples_have_the_law_of_paper(sigmas: Sequence[float], eta: float) -> None:
    draws = torch.Generator().manual_seed(3)
    start = math.sqrt(STD**2 + sigmas[0] ** 2)
    x = MEAN + start * torch.randn(20_000, generator=draws, dtype=torch.float64)
    *_, last = ancestral(optimal, x, sigmas, noise=seeded_noise(4), eta=eta)
    spread = math.sqrt(ancestral_variance(sigmas, eta=eta))
    assert float(last.x.mean()) == pytest.approx(MEAN, abs=0.015)
    assert float(last.x.std()) == pytest.approx(spread, abs=0.012)
    assert kstest(last.x.numpy(), norm(MEAN, spread).cdf).pvalue > 0.01


def test_with_many_steps_ancestral_samples_have_the_variance_of_the_data() -> None:
    short = [STD**2 - ancestral_variance(exploding_levels(n, largest=80.0), eta=1.0) for n in (500, 1000, 2000)]
    # What DDPM leaves out is the spread of the clean example around its estimate, which costs first order.
    assert short[-1] < 0.01 * STD**2
    assert [math.log2(a / b) for a, b in pairwise(short)] == pytest.approx([1, 1], abs=0.1)


def test_without_noise_the_stochastic_samplers_are_those_of_the_flow() -> None:
    sigmas = exploding_levels(9, largest=80.0)
    x = sigmas[0] * torch.randn(5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def none(_: Tensor) -> Tensor:
        raise AssertionError("noise was drawn")

    *_, last = ancestral(optimal, x, sigmas, noise=none, eta=0.0)
    torch.testing.assert_close(last.x, final(euler, optimal, x, sigmas))
    *_, last = stochastic_edm(optimal, x, sigmas, noise=none, churn=0.0)
    torch.testing.assert_close(last.x, final(heun, optimal, x, sigmas))


def test_straight_levels_are_evenly_spaced_in_time_and_exploding_ones_as_in_their_paper() -> None:
    straight = straight_levels(4, largest=1000.0)
    times = [level / (1 + level) for level in straight]
    assert times == pytest.approx([n / 4 * 1000 / 1001 for n in (4, 3, 2, 1, 0)])
    first, *_, last, end = exploding_levels(18, largest=80.0, smallest=0.002)
    assert (first, last, end) == (pytest.approx(80.0), pytest.approx(0.002), 0.0)
    assert exploding_levels(1, largest=80.0) == (pytest.approx(80.0), 0.0)
