"""A normal example is flagged at most as often as was stated, whatever the law of the anomalies."""

import math
import re

import pytest
import torch
from torch import Tensor

from copyist.detection.conformal import (
    benjamini_hochberg,
    check_false_alarms,
    least_rate,
    num_calibration,
    p_values,
    threshold,
)
from copyist.errors import ArgumentError, DataError


def draws(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_a_p_value_counts_the_calibration_examples_that_are_as_strange() -> None:
    calibration = torch.tensor([3.0, 1.0, 2.0, 2.0])
    found = p_values(torch.tensor([0.5, 2.0, 2.5, 3.0, 9.0, math.nan]), calibration)
    on_paper = torch.tensor([5, 4, 2, 2, 1, 1], dtype=torch.float64) / 5
    torch.testing.assert_close(found, on_paper)


def test_a_calibration_example_without_a_number_is_the_strangest() -> None:
    calibration = torch.tensor([math.nan, 1.0, 2.0, math.nan])
    found = p_values(torch.tensor([0.0, 5.0, math.nan]), calibration)
    torch.testing.assert_close(found, torch.tensor([5, 3, 3], dtype=torch.float64) / 5)
    assert threshold(calibration, false_alarms=0.4) == math.inf


@pytest.mark.parametrize("false_alarms", [0.01, 0.05, 0.1])
def test_the_rate_of_false_alarms_is_at_most_the_stated_one_over_many_splits(false_alarms: float) -> None:
    # Heavy tails and ties: cubes of normal draws, rounded.
    values = torch.randn(4000, 120, generator=torch.Generator().manual_seed(0), dtype=torch.float64).pow(3)
    values = (values * 4).round()
    flagged = [bool(p_values(row[:1], row[1:]) <= false_alarms) for row in values]
    rate, error = sum(flagged) / len(flagged), math.sqrt(false_alarms * (1 - false_alarms) / len(flagged))
    assert rate <= false_alarms + 3 * error


def test_without_ties_the_rate_is_the_exact_share_of_ranks() -> None:
    # Of 19 calibration examples, a new one is the largest of 20 once in 20 times.
    values = draws(20_000, 20)
    flagged = (values[:, :1] > values[:, 1:].max(1, keepdim=True).values).double().mean()
    found = torch.stack([p_values(row[:1], row[1:]) <= 0.05 for row in values]).double().mean()
    assert float(found) == float(flagged)
    assert abs(float(found) - 0.05) < 0.005


@pytest.mark.parametrize("count", [19, 20, 99, 250])
@pytest.mark.parametrize("false_alarms", [0.05, 0.1, 0.5])
def test_an_anomaly_is_above_the_threshold_where_its_p_value_is_small_enough(count: int, false_alarms: float) -> None:
    calibration = (draws(count) * 20).round()
    anomaly = torch.cat([calibration, calibration + 0.5, calibration - 0.5])
    above = anomaly > threshold(calibration, false_alarms=false_alarms)
    assert torch.equal(above, p_values(anomaly, calibration) <= false_alarms)


@pytest.mark.parametrize(("false_alarms", "needed"), [(0.05, 19), (0.01, 99), (0.1, 9), (0.3, 3), (0.5, 1)])
def test_a_rate_needs_so_many_examples_that_the_strangest_of_all_is_rare_enough(
    false_alarms: float, needed: int
) -> None:
    assert num_calibration(false_alarms) == needed
    check_false_alarms(false_alarms, calibration=needed)
    with pytest.raises(DataError, match=f"needs {needed} normal examples for calibration, got {needed - 1}"):
        check_false_alarms(false_alarms, calibration=needed - 1)


@pytest.mark.parametrize("count", [5, 19, 21, 58, 997])
def test_the_rate_that_a_refusal_offers_is_allowed(count: int) -> None:
    with pytest.raises(DataError) as caught:
        check_false_alarms(0.0001, calibration=count)
    (offered,) = re.findall(r"which allow (\S+) or more", str(caught.value))
    check_false_alarms(float(offered), calibration=count)


def test_the_least_rate_of_so_many_examples_needs_these_and_no_more() -> None:
    for count in range(1, 2000):
        assert num_calibration(least_rate(count)) == count
        assert least_rate(count) == pytest.approx(1 / (count + 1), rel=1e-12)


@pytest.mark.parametrize("wrong", [0.0, 1.0, 50.0, -0.1, math.nan, math.inf])
def test_a_rate_out_of_range_is_refused(wrong: float) -> None:
    with pytest.raises(ArgumentError, match="the rate of false alarms must"):
        threshold(draws(100), false_alarms=wrong)


def test_contaminated_calibration_makes_fewer_alarms() -> None:
    clean = draws(200)
    anomaly, stained = draws(5000, seed=1), torch.cat([clean, clean.new_full((20,), 9.0)])
    counts = [int((p_values(anomaly, calibration) <= 0.05).sum()) for calibration in (clean, stained)]
    assert counts[1] < counts[0]


def test_benjamini_hochberg_is_that_of_scipy() -> None:
    from scipy.stats import false_discovery_control

    for seed in range(20):
        p = draws(40, seed=seed).pow(3)
        expected = torch.from_numpy(false_discovery_control(p.numpy()) <= 0.1)
        assert torch.equal(benjamini_hochberg(p, rate=0.1), expected)
    assert not benjamini_hochberg(torch.ones(5), rate=0.1).any()


def test_benjamini_hochberg_flags_p_values_that_lie_on_its_bound() -> None:
    for count in range(1, 60):
        on_bound = p_values(torch.full((count,), 9.0), torch.arange(9.0))
        assert benjamini_hochberg(on_bound, rate=0.1).all()
