"""Schedules are their closed forms."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copyist.errors import ArgumentError
from copyist.procedures import SCHEDULES
from copyist.schedules import cosine, geometric, linear, warmup_cosine


def test_schedules_on_paper() -> None:
    assert linear(4) == (0.25, 0.5, 0.75, 1.0)
    assert cosine(4) == pytest.approx(((1 - math.sqrt(0.5)) / 2, 0.5, (1 + math.sqrt(0.5)) / 2, 1.0))
    assert geometric(2, last=0.25) == pytest.approx((0.5, 1.0))
    assert geometric(3, last=0.001) == pytest.approx((0.9, 0.99, 1.0))


@pytest.mark.parametrize("name", SCHEDULES)
@given(steps=st.integers(1, 300))
def test_shares_rise_in_0_1_and_end_at_1(name: str, steps: int) -> None:
    shares = SCHEDULES[name](steps)
    assert len(shares) == steps
    assert all(0 < share <= 1 for share in shares)
    assert all(a < b for a, b in pairwise(shares))
    assert shares[-1] == 1


@given(steps=st.integers(2, 200), last=st.floats(0.001, 0.9))
def test_the_share_of_noise_falls_by_an_equal_factor(steps: int, last: float) -> None:
    noise = [1.0, *(1 - share for share in geometric(steps, last=last)[:-1])]
    for before, after in pairwise(noise):
        assert after / before == pytest.approx(last ** (1 / steps), rel=1e-6)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_of_no_steps_is_refused(name: str) -> None:
    with pytest.raises(ArgumentError, match=r"^steps must be at least 1, got 0$"):
        SCHEDULES[name](0)


def test_a_last_share_of_no_noise_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^last must be greater than 0, got 0$"):
        geometric(3, last=0)


def test_the_rate_warms_up_evenly_and_falls_as_a_cosine() -> None:
    rates = [warmup_cosine(step, steps=13, warmup=3) for step in range(13)]
    assert rates[:4] == pytest.approx([0.25, 0.5, 0.75, 1.0])
    # Halfway down the cosine it is a half; mirrored around there, two rates add to 1.
    assert rates[8] == pytest.approx(0.5)
    assert [rates[8 - k] + rates[8 + k] for k in range(1, 5)] == pytest.approx([1.0] * 4)
    assert 0 < rates[-1] < 0.05
    assert warmup_cosine(13, steps=13, warmup=3) == pytest.approx(0)
    assert warmup_cosine(0, steps=5, warmup=0) == 1
    assert warmup_cosine(4, steps=5, warmup=5) == pytest.approx(5 / 6)
