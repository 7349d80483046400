"""Sensitivity along and across a plane is that of the matrix, on paper."""

import pytest
import torch
from torch import Tensor

from copyist.errors import ArgumentError, ShapeError
from copyist.metrics.tangents import manifold_sensitivity

X = torch.rand(3, 2, 4, 5, generator=torch.Generator().manual_seed(0))


def plane(*indices: int) -> Tensor:
    """Directions (3, K, 2, 4, 5) along single pixels."""
    return torch.eye(40)[list(indices)].reshape(1, -1, 2, 4, 5).expand(3, -1, -1, -1, -1)


def test_a_map_that_tells_no_direction_apart_has_a_ratio_of_one() -> None:
    found = manifold_sensitivity(lambda x: 3 * x, X, plane(0, 7))
    torch.testing.assert_close(found.tangent, torch.full((3,), 3.0))
    torch.testing.assert_close(found.normal, torch.full((3,), 3.0))
    assert found.ratio == pytest.approx(1)


def test_along_and_across_are_told_apart() -> None:
    scale = torch.full((40,), 0.5)
    scale[0], scale[7] = 3, 4
    found = manifold_sensitivity(lambda x: (scale * x.flatten(1)).square() / 2, X, plane(0, 7))
    slopes = scale.square() * X.flatten(1)
    torch.testing.assert_close(found.tangent, (slopes[:, [0, 7]].square().mean(1)).sqrt())
    assert (found.normal <= 0.25).all()


def test_tangents_may_have_any_length_and_angle() -> None:
    scale = torch.rand(40)
    straight = manifold_sensitivity(lambda x: scale * x.flatten(1), X, plane(0, 7))
    slanted = torch.stack([plane(0)[:, 0] + 9 * plane(7)[:, 0], 5 * plane(7)[:, 0]], dim=1)
    skew = manifold_sensitivity(lambda x: scale * x.flatten(1), X, slanted)
    torch.testing.assert_close(skew.tangent, straight.tangent)
    torch.testing.assert_close(straight.tangent, (scale[[0, 7]].square().mean()).sqrt().expand(3))


def test_random_normals_are_right_in_the_mean() -> None:
    scale = torch.rand(40, generator=torch.Generator().manual_seed(1))
    found = manifold_sensitivity(lambda x: scale * x.flatten(1), X, plane(0, 7), normals=4000)
    others = [unit for unit in range(40) if unit not in (0, 7)]
    torch.testing.assert_close(found.normal, scale[others].square().mean().sqrt().expand(3), rtol=0.02, atol=0)


def test_given_normals_lose_their_part_along_the_manifold() -> None:
    scale = torch.arange(40.0)
    given = plane(3) + 5 * plane(0)
    found = manifold_sensitivity(lambda x: scale * x.flatten(1), X, plane(0, 7), normals=given)
    torch.testing.assert_close(found.normal, torch.full((3,), 3.0))


def test_what_are_no_directions_is_refused() -> None:
    with pytest.raises(
        ShapeError, match=r"^directions must have shape \(B, K, \.\.\.\) for examples \(3, 2, 4, 5\), got \(3"
    ):
        manifold_sensitivity(lambda x: x, X, X)
    with pytest.raises(ArgumentError, match=r"^normals must be a whole number of at least 1, got 0$"):
        manifold_sensitivity(lambda x: x, X, plane(0), normals=0)
