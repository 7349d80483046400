"""Lyapunov's and Lindeberg's conditions, against sums whose ratios are known on paper."""

import math

import pytest
import torch
from scipy import stats

from copyist.errors import ArgumentError, ShapeError
from copyist.metrics.lyapunov import lindeberg_sum, lyapunov_curve, lyapunov_ratio

DRAWS = 2000


def uniform_terms(n: int) -> torch.Tensor:
    """(draws, n): each term takes the quantiles of the uniform law on [0, 1], in an order that does not matter."""
    return ((torch.arange(DRAWS, dtype=torch.float64) + 0.5) / DRAWS)[:, None].expand(-1, n)


@pytest.mark.parametrize("n", [1, 7, 100])
@pytest.mark.parametrize("delta", [0.5, 1.0, 2.0])
def test_uniform_terms_have_the_ratio_on_paper(n: int, delta: float) -> None:
    # E|X − ½|ᵖ = 2⁻ᵖ / (p + 1), and for δ = 1 thus 1/32; σ² = 1/12.
    power = 2 + delta
    on_paper = n * 0.5**power / (power + 1) / (n / 12) ** (power / 2)
    assert lyapunov_ratio(uniform_terms(n), delta=delta) == pytest.approx(on_paper, rel=1e-5)


@pytest.mark.parametrize("delta", [1.0, 2.0])
def test_terms_of_one_law_let_the_ratio_fall_by_half_of_delta(delta: float) -> None:
    curve = lyapunov_curve(uniform_terms(400), [4, 20, 100, 400], delta=delta)
    assert curve.slope == pytest.approx(-delta / 2, abs=1e-6)
    assert curve.sizes == (4, 20, 100, 400)


def test_drawn_normal_terms_fall_at_the_same_rate() -> None:
    terms = torch.randn(500, 512, generator=torch.Generator().manual_seed(0))
    curve = lyapunov_curve(terms, [8, 32, 128, 512])
    assert curve.slope == pytest.approx(-0.5, abs=0.02)
    # E|Z|³ = 2·√(2/π)
    assert curve.ratios[-1] == pytest.approx(2 * math.sqrt(2 / math.pi) / math.sqrt(512), rel=0.02)


def test_geometric_weights_keep_the_ratio_from_vanishing() -> None:
    weights = 0.5 ** torch.arange(60, dtype=torch.float64)
    curve = lyapunov_curve(uniform_terms(60) * weights, [10, 20, 40, 60])
    on_paper = 12**1.5 / 32 * (8 / 7) / (4 / 3) ** 1.5
    assert curve.ratios[-1] == pytest.approx(on_paper, rel=1e-5)
    assert curve.slope == pytest.approx(0, abs=0.01)


def test_terms_without_a_variance_keep_the_ratio_from_vanishing() -> None:
    terms = torch.from_numpy(stats.t(1.2).rvs((200, 2048), random_state=0))
    curve = lyapunov_curve(terms, [32, 128, 512, 2048])
    assert curve.slope > -0.1
    assert curve.ratios[-1] > 3


def test_scale_and_mean_of_the_terms_do_not_matter() -> None:
    terms = torch.rand(50, 9, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert lyapunov_ratio(terms * 1e-150) == pytest.approx(lyapunov_ratio(terms))
    assert lyapunov_ratio(terms + torch.arange(9)) == pytest.approx(lyapunov_ratio(terms))


@pytest.mark.parametrize("n", [1, 10, 40])
@pytest.mark.parametrize("epsilon", [0.1, 0.3])
def test_lindebergs_sum_of_uniform_terms_is_what_lies_beyond_the_bound(n: int, epsilon: float) -> None:
    # Within ±c, of c = ε·√(n/12), lies (2c)³ of the variance of the uniform law on ±½.
    within = min(1.0, 2 * epsilon * math.sqrt(n / 12)) ** 3
    assert lindeberg_sum(uniform_terms(n), epsilon) == pytest.approx(1 - within, abs=3e-3)


def test_lindebergs_sum_vanishes_for_many_bounded_terms_and_not_beside_a_dominating_one() -> None:
    terms = uniform_terms(500)
    assert lindeberg_sum(terms, 0.1) == 0
    dominated = torch.cat([1000 * terms[:, :1], terms[:, 1:]], dim=1)
    assert lindeberg_sum(dominated, 0.1) > 0.99


def test_terms_that_never_vary_have_no_ratio() -> None:
    curve = lyapunov_curve(torch.ones(5, 4), [2, 4])
    assert math.isnan(curve.ratios[0])
    assert math.isnan(curve.slope)


def test_what_is_no_table_of_terms_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"terms must have shape \(draws, n\)"):
        lyapunov_ratio(torch.rand(9))
    with pytest.raises(ShapeError, match="at least two draws"):
        lindeberg_sum(torch.rand(1, 9), 0.1)


@pytest.mark.parametrize("sizes", [[3], [3, 2], [0, 3], [2, 10]])
def test_sizes_that_do_not_rise_within_the_terms_are_refused(sizes: list[int]) -> None:
    with pytest.raises(ArgumentError, match="two rising numbers from 1 to 9"):
        lyapunov_curve(torch.rand(5, 9), sizes)


def test_settings_of_no_size_are_refused() -> None:
    with pytest.raises(ArgumentError, match="delta must be greater than 0"):
        lyapunov_ratio(torch.rand(5, 9), delta=0)
    with pytest.raises(ArgumentError, match="epsilon must be greater than 0"):
        lindeberg_sum(torch.rand(5, 9), 0)
