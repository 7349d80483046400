"""Intervals: scipy as the oracle, and 95 % that are 95 %."""

import math

import pytest
import torch
from scipy import stats

from copyist.metrics.intervals import Interval, mean_interval


def test_the_interval_is_students() -> None:
    values = torch.tensor([0.1, 0.5, 0.4, 0.9])
    low, high = stats.t.interval(0.95, 3, loc=values.mean(), scale=stats.sem(values.double().numpy()))
    interval = mean_interval(values)
    assert (interval.low, interval.high) == pytest.approx((low, high), rel=1e-6)
    assert interval.mean == pytest.approx(0.475)


def test_nineteen_in_twenty_intervals_hold_the_mean() -> None:
    draws = torch.randn(2000, 6, generator=torch.Generator().manual_seed(0))
    held = sum(interval.low < 0 < interval.high for interval in map(mean_interval, draws))
    assert held / 2000 == pytest.approx(0.95, abs=0.015)


def test_a_bound_is_judged_by_the_whole_interval() -> None:
    assert Interval(0.5, 0.4, 0.6).below(0.7) == "supported"
    assert Interval(0.5, 0.4, 0.6).below(0.3) == "refuted"
    assert Interval(0.5, 0.4, 0.6).below(0.5) == "inconclusive"


def test_one_value_has_a_mean_and_proves_nothing() -> None:
    interval = mean_interval(torch.tensor([0.2, math.nan, math.inf]))
    assert interval.mean == pytest.approx(0.2)
    assert math.isnan(interval.high)
    assert interval.below(1.0) == "inconclusive"
    assert math.isnan(mean_interval(torch.tensor([math.nan])).mean)
