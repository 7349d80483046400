"""Random linear maps: what converged descent finds is known on paper."""

import pytest
import torch
from scipy import linalg, stats
from torch import Tensor

from copyist.claims.measures.random_maps import (
    WeightLaw,
    descend_linear,
    draw_weights,
    end_of_descent,
    heavy_tailed,
    noise_added,
    row_space,
    written_and_missed,
)
from copyist.errors import ShapeError

LAWS: tuple[WeightLaw, ...] = ("normal", "uniform", "heavy-tailed", "every-fourth")
EVERY_LAW = pytest.mark.parametrize("law", LAWS)


def g(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn(law: WeightLaw) -> tuple[Tensor, Tensor, Tensor]:
    """A map (4, 16), images and starts (3, 16), in float64."""
    weight = draw_weights(law, outputs=4, inputs=16, generator=g()).double()
    a, start = torch.rand(2, 3, 16, generator=g(1), dtype=torch.float64)
    return weight, a, start


@EVERY_LAW
def test_what_is_found_is_mapped_to_where_the_image_is(law: WeightLaw) -> None:
    weight, a, start = drawn(law)
    x_hat = end_of_descent(row_space(weight), a, start)
    torch.testing.assert_close(x_hat @ weight.T, a @ weight.T, rtol=1e-9, atol=1e-9)


@EVERY_LAW
def test_what_the_map_does_not_see_stays_as_it_was_at_the_start(law: WeightLaw) -> None:
    weight, a, start = drawn(law)
    unseen = torch.from_numpy(linalg.null_space(weight.numpy()))
    assert unseen.shape == (16, 12)
    torch.testing.assert_close(
        end_of_descent(row_space(weight), a, start) @ unseen, start @ unseen, rtol=1e-9, atol=1e-9
    )


def test_descent_ends_where_it_is_found_to_end() -> None:
    weight, a, start = drawn("normal")
    # The slowest direction loses a share of (smallest / largest singular value)² at a step.
    torch.testing.assert_close(
        descend_linear(weight, a, start, steps=2000), end_of_descent(row_space(weight), a, start), rtol=1e-9, atol=1e-9
    )


def test_descent_on_a_diagonal_map_shrinks_each_difference_by_its_own_power() -> None:
    weight = torch.tensor([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0]], dtype=torch.float64)
    a, start = torch.zeros(1, 3, dtype=torch.float64), torch.ones(1, 3, dtype=torch.float64)
    on_paper = torch.tensor([[0.0, (1 - 1 / 4) ** 3, 1.0]], dtype=torch.float64)
    torch.testing.assert_close(descend_linear(weight, a, start, steps=3), on_paper)


def test_the_noise_that_was_added_holds_nothing_of_the_image() -> None:
    written, difference = torch.randn(2, 5, 40, generator=g(), dtype=torch.float64)
    noise = noise_added(written, difference)
    torch.testing.assert_close((noise * difference).sum(1), torch.zeros(5, dtype=torch.float64), rtol=0, atol=1e-12)
    # What is left with it is a multiple of the difference, and so of one rank with it.
    multiple = (written - noise) / difference
    torch.testing.assert_close(multiple, multiple[:, :1].expand_as(multiple))


def test_a_multiple_of_the_difference_adds_no_noise() -> None:
    difference = torch.randn(5, 40, generator=g(), dtype=torch.float64)
    torch.testing.assert_close(
        noise_added(0.3 * difference, difference), torch.zeros_like(difference), rtol=0, atol=1e-14
    )


def test_a_random_map_of_m_values_writes_the_share_m_of_n_of_the_image() -> None:
    basis = row_space(draw_weights("normal", outputs=300, inputs=1200, generator=g()))
    difference = torch.randn(50, 1200, generator=g(1))
    written = end_of_descent(basis, difference, torch.zeros_like(difference))
    share = (written - noise_added(written, difference)) / difference
    assert share.mean().item() == pytest.approx(300 / 1200, abs=0.01)


@pytest.mark.parametrize("degrees", [1.1, 3.0])
def test_heavy_tails_are_those_of_student_s_t(degrees: float) -> None:
    values = heavy_tailed((400, 500), generator=g(), degrees=degrees).flatten().double()
    shares = torch.tensor([0.01, 0.05, 0.25, 0.75, 0.95, 0.99], dtype=torch.float64)
    theirs = torch.from_numpy(stats.t.ppf(shares.numpy(), degrees))
    # A hundredth of 200 000 is 2000, whose number is off by about 2 %, and a tail's quantile by as much.
    torch.testing.assert_close(values.quantile(shares), theirs, rtol=0.06, atol=0)


def test_uniform_weights_fill_their_interval_evenly() -> None:
    weight = draw_weights("uniform", outputs=200, inputs=300, generator=g())
    assert stats.kstest(weight.flatten().numpy(), stats.uniform(-1, 2).cdf).pvalue > 0.01


def test_every_fourth_value_is_kept_as_it_is() -> None:
    weight = draw_weights("every-fourth", outputs=3, inputs=12, generator=g())
    assert (weight @ torch.arange(12.0)).tolist() == [0, 4, 8]


@EVERY_LAW
def test_a_basis_of_rows_is_orthonormal_also_where_rows_differ_in_size(law: WeightLaw) -> None:
    basis = row_space(drawn(law)[0])
    torch.testing.assert_close(basis.T @ basis, torch.eye(4, dtype=torch.float64))


def differences(law: str) -> Tensor:
    """Of 60 examples of 1200 values, with the variance 1."""
    if law == "constant":
        return torch.ones(60, 1200, dtype=torch.float64)
    if law == "uniform":
        return 3**0.5 * (2 * torch.rand(60, 1200, generator=g(1), dtype=torch.float64) - 1)
    return torch.randn(60, 1200, generator=g(1), dtype=torch.float64)


@pytest.mark.parametrize(("law", "kurtosis"), [("uniform", -1.2), ("normal", 0.0)])
def test_the_image_s_own_law_is_in_what_was_written_by_the_square_of_its_share(law: str, kurtosis: float) -> None:
    basis = row_space(draw_weights("normal", outputs=300, inputs=1200, generator=g())).double()
    start = 0.5 + torch.zeros(60, 1200, dtype=torch.float64)
    a = start + differences(law)
    found = written_and_missed(end_of_descent(basis, a, start), start=start, a=a, generator=g(2), num_resamples=100)
    r = 0.25
    assert found.wrote.kurtosis_interval.mean == pytest.approx(r**2 * kurtosis, abs=0.06)
    assert found.missed.kurtosis_interval.mean == pytest.approx((1 - r) ** 2 * kurtosis, abs=0.06)
    assert found.noise.kurtosis_interval.mean == pytest.approx(0.0, abs=0.06)
    assert found.share.mean().item() == pytest.approx(r, abs=0.01)
    assert found.noise_size.mean().item() == pytest.approx((r * (1 - r)) ** 0.5, abs=0.01)
    assert found.excess_distance == pytest.approx(0.0, abs=0.003)
    interval = found.missed.kurtosis_interval
    assert interval.low < interval.mean < interval.high


def test_a_start_that_is_not_normal_is_in_what_was_missed_and_not_in_the_noise() -> None:
    basis = row_space(draw_weights("normal", outputs=300, inputs=1200, generator=g())).double()
    start, a = differences("uniform"), torch.zeros(60, 1200, dtype=torch.float64)
    found = written_and_missed(end_of_descent(basis, a, start), start=start, a=a, generator=g(2), num_resamples=100)
    assert found.missed.kurtosis_interval.mean == pytest.approx(0.75**2 * -1.2, abs=0.06)
    assert found.excess_distance == pytest.approx(0.0, abs=0.003)


def test_a_map_that_keeps_every_fourth_value_adds_noise_that_is_not_normal() -> None:
    basis = row_space(draw_weights("every-fourth", outputs=300, inputs=1200, generator=g())).double()
    start, a = torch.zeros(60, 1200, dtype=torch.float64), differences("constant")
    found = written_and_missed(end_of_descent(basis, a, start), start=start, a=a, generator=g(2), num_resamples=100)
    # Two values alone, ¾ and −¼: the gap to the normal law is Φ(1/√3) at the lower one.
    lower = float(stats.norm.cdf(-((1 / 3) ** 0.5)))
    assert found.noise.distance_interval.mean == pytest.approx(0.75 - lower, abs=1e-3)
    assert found.excess_distance > 0.4
    with pytest.raises(ShapeError):
        written_and_missed(a, start=start[:, 1:], a=a, generator=g())
