"""The martingale rarely grows on data that do not change, and soon on data that do."""

import math

import pytest
import torch

from copyist.detection.drift import drift
from copyist.errors import ArgumentError


def normal(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.slow
def test_on_unchanged_data_an_alarm_is_at_most_as_likely_as_stated() -> None:
    level, runs = 0.1, 400
    alarms = 0
    for run in range(runs):
        values = normal(300, seed=run).round(decimals=1)  # with ties
        alarms += drift(values[50:], values[:50], level=level, seed=run).alarm is not None
    assert alarms / runs <= level + 3 * math.sqrt(level * (1 - level) / runs)


def test_a_change_is_found_after_it_happened_and_not_before() -> None:
    calibration, before, after = normal(200, seed=0), normal(100, seed=1), normal(100, seed=2) + 1.5
    found = drift(torch.cat([before, after]), calibration)
    assert found.alarm is not None
    assert 100 <= found.alarm < 150
    assert len(found.log_martingale) == 200


def test_anomalies_that_shrink_are_a_change_too() -> None:
    assert drift(normal(300, seed=1) * 0.1 - 1, normal(200, seed=0)).alarm is not None


def test_the_fortune_is_one_before_anything_is_known() -> None:
    # The first p-value of all is a draw, on which every bet is fair.
    first = torch.stack([drift(torch.zeros(1), torch.empty(0), seed=seed).log_martingale.exp() for seed in range(2000)])
    assert abs(float(first.mean()) - 1) < 0.01


@pytest.mark.parametrize("level", [0.0, 1.0, -1.0, 2.0])
def test_a_level_out_of_range_is_refused(level: float) -> None:
    with pytest.raises(ArgumentError, match="level must lie"):
        drift(torch.zeros(3), torch.zeros(3), level=level)
