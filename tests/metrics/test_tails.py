"""Tails of a coordinate in many dimensions, against drawn points and what few dimensions give on paper."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from copyist.errors import ArgumentError
from copyist.metrics.tails import ball_tail, normal_tail, sphere_tail, sphere_tail_bound

DRAWS = 40_000


@pytest.mark.parametrize(("n", "epsilon"), [(3, 0.5), (10, 0.3), (50, 0.2)])
def test_drawn_points_leave_the_sphere_s_middle_as_often(n: int, epsilon: float) -> None:
    generator = torch.Generator().manual_seed(n)
    points = torch.nn.functional.normalize(torch.randn(DRAWS, n, generator=generator))
    radii = torch.rand(DRAWS, generator=generator) ** (1 / n)
    for tail, first in ((sphere_tail(n, epsilon), points[:, 0]), (ball_tail(n, epsilon), points[:, 0] * radii)):
        error = math.sqrt(tail * (1 - tail) / DRAWS)
        assert (first.abs() > epsilon).double().mean().item() == pytest.approx(tail, abs=4 * error)


@given(epsilon=st.floats(0, 1))
def test_few_dimensions_are_those_of_school_geometry(epsilon: float) -> None:
    # The circle by its angle, the sphere by Archimedes, the segment by its length.
    assert sphere_tail(2, epsilon) == pytest.approx(1 - 2 / math.pi * math.asin(epsilon), abs=1e-7)
    assert sphere_tail(3, epsilon) == pytest.approx(1 - epsilon, abs=1e-7)
    assert ball_tail(1, epsilon) == pytest.approx(1 - epsilon, abs=1e-7)


@given(n=st.integers(2, 3000), epsilon=st.floats(0, 0.999))
def test_the_bound_is_never_exceeded(n: int, epsilon: float) -> None:
    bound = sphere_tail_bound(n, epsilon)
    assert ball_tail(n, epsilon) <= sphere_tail(n, epsilon) <= bound
    assert normal_tail(n, epsilon) <= bound


def test_in_many_dimensions_the_sphere_s_coordinate_is_normal() -> None:
    n = 100_000
    for deviations in (0.5, 1.0, 2.0, 3.0):
        epsilon = deviations / math.sqrt(n)
        assert sphere_tail(n, epsilon) == pytest.approx(normal_tail(n, epsilon), rel=1e-3)
    assert normal_tail(n, 1.96 / math.sqrt(n)) == pytest.approx(0.05, abs=1e-4)


def test_nothing_is_outside_the_sphere() -> None:
    assert sphere_tail(5, 1.0) == 0
    assert ball_tail(5, 7.0) == 0


def test_dimensions_and_distances_out_of_range_are_refused() -> None:
    with pytest.raises(ArgumentError, match="n must be a whole number of at least 2"):
        sphere_tail(1, 0.1)
    with pytest.raises(ArgumentError, match="epsilon must be at least 0"):
        sphere_tail_bound(3, -0.1)
