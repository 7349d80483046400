"""The laws of residuals, against distributions whose distances from the normal are known."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from copyist.errors import ArgumentError, ShapeError
from copyist.metrics.residuals import residual_law

SIDES = (3, 80, 100)
LAWS: dict[str, Any] = {  # SciPy's frozen distributions have no public type.
    "uniform": stats.uniform(-math.sqrt(3), 2 * math.sqrt(3)),
    "laplace": stats.laplace(scale=math.sqrt(0.5)),
    "normal": stats.norm(),
}


def g(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def quantiles(law: str) -> torch.Tensor:
    """One example (1, 3, 80, 100) whose values stand where the law's 24 000 quantiles are."""
    count = math.prod(SIDES)
    return torch.from_numpy(LAWS[law].ppf((np.arange(count) + 0.5) / count)).reshape(1, *SIDES)


@pytest.mark.parametrize("law", LAWS)
def test_the_distance_is_the_gap_between_the_two_distribution_functions(law: str) -> None:
    grid = np.linspace(-4, 4, 100_001)
    on_paper = np.abs(LAWS[law].cdf(grid) - stats.norm.cdf(grid)).max()
    found = residual_law(quantiles(law), generator=g())
    # Steps of 1/24 000, of which half lies above the curve.
    assert found.distance.item() == pytest.approx(on_paper, abs=1e-4)


@pytest.mark.parametrize(("law", "on_paper"), [("uniform", -1.2), ("laplace", 3.0), ("normal", 0.0)])
def test_the_kurtosis_is_the_laws(law: str, on_paper: float) -> None:
    # The quantiles stop short of the tails, which carry most of Laplace's fourth moment.
    found = residual_law(quantiles(law), generator=g())
    assert found.kurtosis.item() == pytest.approx(on_paper, abs=0.06)


@pytest.mark.parametrize("law", LAWS)
def test_the_negentropy_is_hyvarinens_by_numerical_integration(law: str) -> None:
    low, high = LAWS[law].ppf([1e-12, 1 - 1e-12])
    odd = integrate.quad(lambda z: z * math.exp(-z * z / 2) * LAWS[law].pdf(z), low, high, points=[0])[0]
    even = integrate.quad(lambda z: math.exp(-z * z / 2) * LAWS[law].pdf(z), low, high, points=[0])[0]
    on_paper = 36 / (8 * 3**0.5 - 9) * odd**2 + 24 / (16 * 3**0.5 - 27) * (even - 0.5**0.5) ** 2
    assert residual_law(quantiles(law), generator=g()).negentropy.item() == pytest.approx(on_paper, abs=1e-3)


def test_skewed_values_have_negentropy_too() -> None:
    skewed = torch.rand(2, 3000, generator=g()).log()
    assert residual_law(skewed, generator=g()).negentropy.min() > 0.2


def test_each_example_agrees_with_scipys_test_of_its_standardized_values() -> None:
    residual = torch.randn(4, 3, 7, 11, generator=g()) ** 3 * torch.tensor([1.0, 2.0, 0.1, 9.0]).view(4, 1, 1, 1) + 5
    found = residual_law(residual, generator=g())
    for index, values in enumerate(residual.flatten(1).double().numpy()):
        reference = stats.kstest(values, stats.norm(values.mean(), values.std()).cdf)
        assert found.distance[index].item() == pytest.approx(reference.statistic)
        assert found.kurtosis[index].item() == pytest.approx(stats.kurtosis(values, bias=False))


def test_normal_examples_of_unequal_size_are_normal_and_their_interval_holds_0() -> None:
    residual = torch.randn(40, 500, generator=g()) * torch.logspace(-2, 2, 40)[:, None]
    found = residual_law(residual, generator=g())
    assert found.kurtosis_interval.low < 0 < found.kurtosis_interval.high
    # The mean distance of n normal values from their own normal law is near 0.63/√n (Lilliefors).
    assert found.distance_interval.mean == pytest.approx(0.63 / math.sqrt(500), rel=0.1)


def test_a_heavy_tail_shows_in_all_three() -> None:
    heavy = residual_law(torch.from_numpy(stats.t(1.5).rvs((16, 2000), random_state=0)), generator=g())
    normal = residual_law(torch.randn(16, 2000, generator=g()), generator=g())
    assert heavy.distance_interval.low > 3 * normal.distance_interval.high
    assert heavy.negentropy_interval.low > 10 * normal.negentropy_interval.high
    assert heavy.kurtosis_interval.low > 100


def test_the_interval_is_near_students_for_many_examples() -> None:
    found = residual_law(torch.rand(64, 100, generator=g()), generator=g())
    values = found.kurtosis.numpy()
    low, high = stats.t.interval(0.95, 63, values.mean(), stats.sem(values))
    assert found.kurtosis_interval.low == pytest.approx(low, abs=0.01)
    assert found.kurtosis_interval.high == pytest.approx(high, abs=0.01)


def test_the_same_generator_gives_the_same_interval() -> None:
    residual = torch.rand(5, 100, generator=g())
    first, second = (residual_law(residual, generator=g(1)) for _ in range(2))
    assert first.negentropy_interval == second.negentropy_interval


def test_an_example_without_variance_counts_in_no_interval() -> None:
    residual = torch.rand(3, 100, generator=g())
    residual[1] = 0.1
    found = residual_law(residual, generator=g())
    assert found.distance.isnan().tolist() == [False, True, False]
    assert found.kurtosis_interval.mean == pytest.approx(found.kurtosis[[0, 2]].mean().item())
    assert math.isnan(residual_law(residual[1:2], generator=g()).distance_interval.mean)


def test_one_example_has_a_mean_and_no_interval() -> None:
    interval = residual_law(torch.rand(1, 100, generator=g()), generator=g()).kurtosis_interval
    assert math.isfinite(interval.mean)
    assert math.isnan(interval.low)


def test_too_few_values_or_resamples_are_refused() -> None:
    with pytest.raises(ShapeError, match="at least 8 values each, got 7"):
        residual_law(torch.rand(3, 7), generator=g())
    with pytest.raises(ArgumentError, match="num_resamples must be a whole number of at least 100"):
        residual_law(torch.rand(3, 9), generator=g(), num_resamples=1)
