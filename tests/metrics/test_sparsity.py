"""Shares of a code are counted as on fingers."""

import pytest
import torch

from copyist.errors import ArgumentError, ShapeError
from copyist.metrics.sparsity import active_units, dead_units, effective_share

CODES = torch.tensor([[0.0, 2.0, -0.5, 0.0, 0.0], [0.09, 10.0, 0.0, 0.0, 0.0], [0.0, 0.11, 0.0, 0.0, 0.0]])


def test_a_unit_is_active_above_a_share_of_the_loudest() -> None:
    no, yes = False, True
    expected = torch.tensor([[no, yes, yes, no, no], [no, yes, no, no, no], [no, yes, no, no, no]])
    assert torch.equal(active_units(CODES), expected)
    expected[1, 0] = True
    assert torch.equal(active_units(CODES, threshold=0.0), expected)
    expected = expected & torch.tensor([[no, yes, no, no, no]] * 2 + [[no] * 5])
    assert torch.equal(active_units(CODES, threshold=0.1), expected)


def test_a_unit_that_no_image_activates_is_dead() -> None:
    assert dead_units(CODES, threshold=0.0).tolist() == [False, False, False, True, True]
    assert dead_units(CODES).tolist() == [True, False, False, True, True]


def test_the_loudness_of_a_code_decides_nothing() -> None:
    assert torch.equal(active_units(1e4 * CODES), active_units(CODES))
    torch.testing.assert_close(effective_share(1e4 * CODES), effective_share(CODES))


def test_units_of_maps_are_counted_one_by_one() -> None:
    z = torch.zeros(2, 3, 4, 5)
    z[:, 1, 2, 3] = 1
    assert active_units(z).sum(1).tolist() == [1, 1]
    assert int(dead_units(z).sum()) == 59


def test_equally_loud_units_are_used_by_their_number() -> None:
    z = torch.zeros(2, 20)
    z[0, :5] = -3
    z[1, :1] = 7
    torch.testing.assert_close(effective_share(z), torch.tensor([0.25, 0.05]))


def test_a_code_of_normal_numbers_uses_two_over_pi_of_its_units() -> None:
    z = torch.randn(3, 200_000, generator=torch.Generator().manual_seed(0))
    # (E|z|)² / E z² = 2 / π.
    torch.testing.assert_close(effective_share(z), torch.full((3,), 0.63662), atol=3e-3, rtol=0)


def test_what_are_no_codes_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"^codes must have shape \(B, \.\.\.\) with no side of 0, got \(5,\)$"):
        effective_share(torch.rand(5))
    with pytest.raises(ArgumentError, match=r"^threshold must lie in \[0, 1\], got 2$"):
        active_units(CODES, threshold=2)
