"""Recall by maps whose basins are on paper."""

import math

import pytest
import torch
from torch import Tensor

from copyist.errors import ArgumentError
from copyist.metrics.recall import recall
from copyist.randomness import draw_normal
from copyist.tensors import Images

SIGMAS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
STORED = torch.rand(6, 3, 4, 5, generator=torch.Generator().manual_seed(0))


def g(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def memory(radius: float):
    """Half the way to a stored image that is nearer than `radius`, and from elsewhere away."""

    def copy(x: Images) -> Images:
        near = torch.cdist(x.flatten(1), STORED.flatten(1))
        target = STORED[near.argmin(1)]
        inside = (near.amin(1) < radius).view(-1, 1, 1, 1)
        return torch.where(inside, (x + target) / 2, x + 1)

    return copy


def norms() -> Tensor:
    return draw_normal(STORED.shape, generator=g(1), like=STORED).flatten(1).norm(dim=1)


def test_a_contraction_recalls_its_images_from_within_its_radius_and_not_from_beyond() -> None:
    radius = 2.5
    found = recall(memory(radius), STORED, sigmas=SIGMAS, steps=30, generator=g(1))
    reached = torch.tensor(SIGMAS)[:, None] * norms() < radius
    in_own_cell = torch.stack(
        [
            torch.cdist(
                (STORED + s * draw_normal(STORED.shape, generator=g(1), like=STORED)).flatten(1), STORED.flatten(1)
            )
            .argmin(1)
            .eq(torch.arange(6))
            for s in SIGMAS
        ]
    )
    expected = reached & in_own_cell
    assert torch.equal(found.recalled, expected)
    assert 0 < float(expected[1:].float().mean()) < 1
    assert found.basin.tolist() == pytest.approx([0.1 * int(each) for each in expected.long().cumprod(0).sum(0) - 1])
    assert found.shares[0].mean == 1.0
    assert found.remaining[0].tolist() == pytest.approx([0.0] * 6, abs=1e-5)


def test_the_identity_holds_every_image_and_brings_none_back() -> None:
    found = recall(lambda x: x, STORED, sigmas=(0.0, 1e-4, 0.1), generator=g(1))
    assert found.recalled.tolist() == [[True] * 6, [False] * 6, [False] * 6]
    assert found.basin.tolist() == [0.0] * 6


def test_a_random_walk_holds_none() -> None:
    draws = g(2)
    found = recall(lambda x: x + torch.randn(x.shape, generator=draws), STORED, sigmas=SIGMAS, generator=g(1))
    assert not found.recalled.any()
    assert all(map(math.isnan, found.basin.tolist()))


def test_a_map_with_one_fixed_point_recalls_that_image_alone() -> None:
    found = recall(lambda x: (x + STORED[2]) / 2, STORED, sigmas=(0.0, 1.0, 10.0), steps=60, generator=g(1))
    assert found.recalled[:, 2].all()
    assert found.recalled.sum() == 3
    assert float(found.basin[2]) == 10.0


def test_an_image_is_not_recalled_where_another_is_nearer() -> None:
    twins = torch.cat([STORED, STORED + 0.01])
    found = recall(
        lambda x: STORED + 0.01,
        STORED,
        among=twins,
        sigmas=(0.0, 0.5),
        generator=g(1),
    )
    assert not found.recalled.any()
    assert found.remaining.amax() < 0.5


def test_levels_that_do_not_rise_from_none_are_refused() -> None:
    for sigmas in ((0.1, 0.2), (0.0,), (0.0, 0.2, 0.2)):
        with pytest.raises(ArgumentError, match="must rise from 0"):
            recall(lambda x: x, STORED, sigmas=sigmas, generator=g())
    with pytest.raises(ArgumentError, match="median distance between images"):
        recall(lambda x: x, torch.zeros(3, 1, 2, 2), generator=g())
