"""Intervals with scipy as the oracle, 95 % that are 95 %, and verdicts that follow from them."""

import math

import pytest
import torch
from scipy import stats

from copyist.errors import ArgumentError
from copyist.evidence import (
    Above,
    Below,
    Claim,
    Control,
    Interval,
    Part,
    Regime,
    Verdict,
    Within,
    binomial_interval,
    judged,
    odds,
    student_interval,
    verdict_of,
)
from copyist.metrics.intervals import mean_interval


def test_the_interval_is_students() -> None:
    values = torch.tensor([0.1, 0.5, 0.4, 0.9])
    low, high = stats.t.interval(0.95, 3, loc=values.mean(), scale=stats.sem(values.double().numpy()))
    interval = mean_interval(values)
    assert (interval.low, interval.high) == pytest.approx((low, high), rel=1e-6)
    assert interval.mean == pytest.approx(0.475)


def test_nineteen_in_twenty_intervals_hold_the_mean() -> None:
    draws = torch.randn(2000, 6, generator=torch.Generator().manual_seed(0)).tolist()
    held = sum(interval.low < 0 < interval.high for interval in map(student_interval, draws))
    assert held / 2000 == pytest.approx(0.95, abs=0.015)


def test_the_binomial_interval_never_holds_less_than_it_says() -> None:
    for successes in (0, 1, 7, 8):
        interval = binomial_interval(successes, 8)
        assert interval.mean == successes / 8
        # Clopper and Pearson: at either end the data are as unlikely as one in forty.
        if successes:
            assert stats.binom.sf(successes - 1, 8, interval.low) == pytest.approx(0.025)
        if successes < 8:
            assert stats.binom.cdf(successes, 8, interval.high) == pytest.approx(0.025)


def test_a_bound_is_judged_by_the_whole_interval() -> None:
    interval = Interval(0.5, 0.4, 0.6)
    assert [Below(bound).judge(interval) for bound in (0.7, 0.3, 0.5)] == ["supported", "refuted", "inconclusive"]
    assert [Above(bound).judge(interval) for bound in (0.3, 0.7, 0.5)] == ["supported", "refuted", "inconclusive"]


def test_two_numbers_are_alike_only_when_their_difference_is_known_to_be_small() -> None:
    alike = Within(0.2)
    assert alike.judge(Interval(0.0, -0.1, 0.1)) == "supported"
    assert alike.judge(Interval(0.0, -0.3, 0.3)) == "inconclusive"
    assert alike.judge(Interval(0.5, 0.3, 0.7)) == "refuted"
    assert Within(0.1, around=1.0).judge(Interval(1.0, 0.95, 1.05)) == "supported"


def test_one_value_has_a_mean_and_proves_nothing() -> None:
    interval = mean_interval(torch.tensor([0.2, math.nan, math.inf]))
    assert interval.mean == pytest.approx(0.2)
    assert math.isnan(interval.high)
    assert {rule.judge(interval) for rule in (Below(1.0), Above(0.0), Within(5.0))} == {"inconclusive"}
    assert math.isnan(mean_interval(torch.tensor([math.nan])).mean)


def test_fewer_than_three_seeds_or_one_without_a_number_decide_nothing() -> None:
    below = (-math.inf, 1.0)
    assert judged([0.5, 0.5001], between=below) == "inconclusive"
    assert judged([0.5, 0.5001, 0.5002, math.nan], between=below) == "inconclusive"
    assert judged([0.5, 0.5001, 0.5002, math.inf], between=below) == "inconclusive"
    assert judged([0.5, 0.5001, 0.5002], between=below) == "supported"


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        (["supported", "supported"], "supported"),
        (["supported", "refuted", "open", "inconclusive"], "refuted"),
        (["supported", "open", "inconclusive"], "inconclusive"),
        (["supported", "open"], "open"),
    ],
)
def test_all_parts_of_a_claim_must_hold(parts: list[Verdict], whole: Verdict) -> None:
    assert verdict_of(parts) == whole


def test_a_claim_has_parts_and_calls_each_number_once() -> None:
    part = Part(name="ratio", measure="a ratio", holds_when=Below(1.0))
    with pytest.raises(ArgumentError, match="at least one part"):
        Claim(sentence="It works.", source="us", regime=Regime(), parts=())
    with pytest.raises(ArgumentError, match="different names"):
        Claim(
            sentence="It works.",
            source="us",
            regime=Regime(),
            parts=(part,),
            controls=(Control(name="ratio", measure="again"),),
        )


def test_odds_of_none_are_not_none() -> None:
    assert odds(0, 16) == pytest.approx(0.5 / 16.5)
    assert odds(16, 16) == pytest.approx(16.5 / 0.5)
    assert odds(8, 16) == pytest.approx(1.0)
