"""Distances of distributions: closed forms for Gaussians, slow loops, and what is expected of equal sets."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import scipy.linalg
import torch

from copyist.errors import ArgumentError, ShapeError
from copyist.metrics.distribution import coverage, frechet_distance, kernel_distance, pixel_features


def normal(count: int, width: int, seed: int, *, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def exact(count: int, mean: torch.Tensor, covariance: torch.Tensor, seed: int) -> torch.Tensor:
    """A sample whose own mean and covariance are these, to rounding."""
    x = normal(count, len(mean), seed)
    x = x - x.mean(0)
    whitened = torch.linalg.solve_triangular(torch.linalg.cholesky(torch.cov(x.T)), x.T, upper=False)
    return mean + (torch.linalg.cholesky(covariance) @ whitened).T


def covariance(width: int, seed: int) -> torch.Tensor:
    x = normal(width + 3, width, seed)
    return x.T @ x / width


def test_frechet_distance_of_gaussians_with_independent_features_is_that_of_their_deviations() -> None:
    deviations_a, deviations_b = torch.tensor([1.0, 2.0, 0.5]).double(), torch.tensor([3.0, 2.0, 0.1]).double()
    shift = torch.tensor([0.3, -1.0, 2.0]).double()
    a = exact(50, torch.zeros(3).double(), deviations_a.square().diag(), 0)
    b = exact(70, shift, deviations_b.square().diag(), 1)
    on_paper = shift.square().sum() + (deviations_a - deviations_b).square().sum()
    assert frechet_distance(a, b) == pytest.approx(float(on_paper), rel=1e-9)


def test_frechet_distance_of_any_gaussians_is_that_by_the_matrix_root() -> None:
    spread_a, spread_b, zero = covariance(5, 2), covariance(5, 3), torch.zeros(5).double()
    a, b = exact(40, zero, spread_a, 0), exact(30, zero + 0.2, spread_b, 1)
    root = scipy.linalg.sqrtm(spread_a.numpy() @ spread_b.numpy())
    on_paper = 5 * 0.2**2 + np.trace(spread_a.numpy() + spread_b.numpy() - 2 * np.real(root))
    assert frechet_distance(a, b) == pytest.approx(on_paper, rel=1e-9)


def test_a_shift_costs_its_square_and_nothing_else() -> None:
    a = normal(60, 4, 0)
    assert frechet_distance(a, a + 0.5) == pytest.approx(4 * 0.25, rel=1e-9)
    assert frechet_distance(a, a) == pytest.approx(0.0, abs=1e-9)


def test_a_feature_that_never_varies_is_no_obstacle() -> None:
    a = torch.cat([normal(60, 3, 0), torch.ones(60, 2).double()], 1)
    assert frechet_distance(a, a) == pytest.approx(0.0, abs=1e-9)


def test_kernel_distance_is_the_mean_over_pairs_without_the_diagonal() -> None:
    a, b = normal(7, 3, 0), 0.5 + 2 * normal(5, 3, 1)

    def k(x: torch.Tensor, y: torch.Tensor) -> float:
        return (float(x @ y) / 3 + 1) ** 3

    within_a = np.mean([k(a[i], a[j]) for i in range(7) for j in range(7) if i != j])
    within_b = np.mean([k(b[i], b[j]) for i in range(5) for j in range(5) if i != j])
    across = np.mean([k(x, y) for x in a for y in b])
    slow = within_a + within_b - 2 * across
    assert kernel_distance(a, b) == pytest.approx(slow, rel=1e-12)
    assert kernel_distance(a, b, chunk=2) == pytest.approx(slow, rel=1e-12)


def test_kernel_distance_of_one_distribution_is_zero_on_average() -> None:
    distances = np.array([kernel_distance(normal(40, 4, 2 * i), normal(40, 4, 2 * i + 1)) for i in range(200)])
    assert distances.min() < 0 < distances.max()
    assert abs(distances.mean()) < 3 * distances.std() / math.sqrt(200)


def test_kernel_distance_of_scalar_gaussians_is_that_of_their_moments() -> None:
    # k = (xy + 1)³ has the features x³, √3 x², √3 x, 1; N(m, 1) has moments m, m² + 1 and m³ + 3m.
    m = 0.5
    on_paper = (m**3 + 3 * m) ** 2 + 3 * (m**2) ** 2 + 3 * m**2
    a, b = normal(5_000, 1, 0), normal(5_000, 1, 1) + m
    assert kernel_distance(a, b) == pytest.approx(on_paper, rel=0.15)


@pytest.mark.parametrize("chunk", [3, 1000])
@pytest.mark.parametrize("k", [1, 4])
def test_coverage_is_what_a_slow_loop_counts(k: int, chunk: int) -> None:
    real, fake = normal(23, 3, 0), 0.4 + 1.3 * normal(17, 3, 1)

    def gap(x: torch.Tensor, y: torch.Tensor) -> float:
        return math.dist(x.tolist(), y.tolist())

    def reach(points: torch.Tensor) -> list[float]:
        return [sorted(gap(x, y) for j, y in enumerate(points) if j != i)[k - 1] for i, x in enumerate(points)]

    balls_real, balls_fake = list(zip(real, reach(real), strict=True)), list(zip(fake, reach(fake), strict=True))
    found = coverage(real, fake, k=k, chunk=chunk)
    assert found.precision == pytest.approx(np.mean([any(gap(x, c) <= r for c, r in balls_real) for x in fake]))
    assert found.recall == pytest.approx(np.mean([any(gap(x, c) <= r for c, r in balls_fake) for x in real]))
    assert found.density == pytest.approx(np.mean([sum(gap(x, c) <= r for c, r in balls_real) / k for x in fake]))
    assert found.coverage == pytest.approx(np.mean([any(gap(x, c) <= r for x in fake) for c, r in balls_real]))


@pytest.mark.parametrize("k", [1, 3, 5])
def test_equal_distributions_have_the_density_and_coverage_that_naeem_derives(k: int) -> None:
    n = 600
    found = [coverage(normal(n, 4, 2 * i), normal(n, 4, 2 * i + 1), k=k) for i in range(4)]
    # Lemma 2: 1 − Π over i < k of (N − i) / (M + N − i), which nears 1 − 2⁻ᵏ.
    on_paper = 1 - math.prod((n - i - 1) / (2 * n - i - 1) for i in range(k))
    assert on_paper == pytest.approx(1 - 2**-k, abs=0.002)
    assert np.mean([each.coverage for each in found]) == pytest.approx(on_paper, abs=0.03)
    assert np.mean([each.density for each in found]) == pytest.approx(1.0, abs=0.05)


def test_fakes_of_one_mode_of_two_are_precise_and_cover_half() -> None:
    real = normal(400, 2, 0)
    real[:200] += 100
    found = coverage(real, normal(400, 2, 1))
    assert found.precision > 0.9
    assert found.coverage == pytest.approx(0.5, abs=0.03)
    assert found.recall == pytest.approx(0.5, abs=0.05)


def test_far_sets_share_nothing_and_equal_sets_all() -> None:
    real = normal(50, 3, 0)
    far = coverage(real, real + 100)
    assert (far.precision, far.recall, far.density, far.coverage) == (0, 0, 0, 0)
    same = coverage(real, real)
    assert (same.precision, same.recall, same.coverage) == (1, 1, 1)


@pytest.mark.parametrize("function", [frechet_distance, kernel_distance, coverage])
def test_features_that_cannot_be_compared_are_refused(
    function: Callable[[torch.Tensor, torch.Tensor], object],
) -> None:
    with pytest.raises(ShapeError, match="same number of features, got 3 and 4"):
        function(normal(20, 3, 0), normal(20, 4, 0))
    with pytest.raises(ShapeError, match=r"shape \(N, D\)"):
        function(normal(20, 3, 0)[:, 0], normal(20, 3, 0))
    broken = normal(20, 3, 0)
    broken[4, 1] = math.nan
    with pytest.raises(ArgumentError, match="finite numbers, got 1 of 20 samples"):
        function(normal(20, 3, 0), broken)


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(ArgumentError, match="needs more than 5 samples, got 5"):
        frechet_distance(normal(20, 5, 0), normal(5, 5, 0))
    with pytest.raises(ArgumentError, match="at least 2 samples of each set, got 1"):
        kernel_distance(normal(20, 5, 0), normal(1, 5, 0))
    with pytest.raises(ArgumentError, match="need more than 5 samples of each set, got 5"):
        coverage(normal(20, 2, 0), normal(5, 2, 0))


def test_pixel_features_are_the_means_of_areas() -> None:
    x = torch.arange(2 * 3 * 4 * 6).reshape(2, 3, 4, 6).float()
    features = pixel_features(x, side=2)
    assert features.shape == (2, 12)
    assert features[1, 0] == x[1, 0, :2, :3].mean()
    assert features[1, 11] == x[1, 2, 2:, 3:].mean()
    with pytest.raises(ArgumentError, match="side must be at most the images' 4, got 8"):
        pixel_features(x, side=8)
