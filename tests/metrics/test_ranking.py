"""Rankings: areas as counted pair by pair, intervals that hold what they promise, and pixels that need not be kept."""

import math

import numpy as np
import pytest

from copyist.metrics.ranking import PixelCounts, auroc_difference, auroc_interval, ranking, share_interval


def binormal(rng: np.random.Generator, shift: float, *, normal: int, anomalous: int) -> tuple[np.ndarray, np.ndarray]:
    truth = np.arange(normal + anomalous) >= normal
    return rng.normal(size=normal + anomalous) + shift * truth, truth


def area(values: np.ndarray, truth: np.ndarray) -> float:
    """Counted pair by pair."""
    above = values[truth][:, None] - values[~truth]
    return float(((above > 0) + (above == 0) / 2).mean())


def test_auroc_is_the_share_of_pairs_in_the_right_order() -> None:
    rng = np.random.default_rng(0)
    values, truth = binormal(rng, 1.0, normal=37, anomalous=23)
    values = values.round(1)  # with ties
    found = ranking(values, truth)
    assert found.auroc.mean == pytest.approx(area(values, truth))
    assert (found.num_normal, found.num_anomalous) == (37, 23)


def test_average_precision_of_four_examples_is_that_on_paper() -> None:
    # Flagged in turn: an anomaly, a normal one, an anomaly, a normal one; precision 1 and 2/3 at the two anomalies.
    found = ranking(np.array([4.0, 3.0, 2.0, 1.0]), np.array([True, False, True, False]))
    assert found.average_precision.mean == pytest.approx((1 + 2 / 3) / 2)
    assert found.roc[0] == (0, 0)
    assert found.roc[-1] == (1, 1)
    assert found.precision_recall[-1] == (1, 0.5)


def test_what_is_not_a_number_ranks_as_the_strangest() -> None:
    assert ranking(np.array([0.0, 1.0, math.nan]), np.array([False, False, True])).auroc.mean == 1


def test_auroc_intervals_hold_the_true_value_in_about_95_of_100_draws() -> None:
    rng = np.random.default_rng(1)
    for shift in (0.7, 2.0):
        true = 0.5 * (1 + math.erf(shift / 2))
        held = 0
        for _ in range(400):
            interval = auroc_interval(area(*binormal(rng, shift, normal=60, anomalous=30)), 30, 60)
            held += interval.low <= true <= interval.high
        assert 0.92 <= held / 400 <= 0.99


def test_intervals_do_not_vanish_where_all_is_ranked_right() -> None:
    assert auroc_interval(1.0, 30, 40).low < 0.96
    assert auroc_interval(0.0, 30, 40).high > 0.04
    assert share_interval(1.0, 30).low < 0.96
    assert auroc_interval(1.0, 300, 400).low > auroc_interval(1.0, 30, 40).low


def test_the_difference_of_two_rankings_is_that_of_their_areas_and_its_interval_holds() -> None:
    rng, held, narrower = np.random.default_rng(2), 0, 0
    true = 0.5 * (math.erf(1.2 / 2) - math.erf(0.8 / 2))
    for _ in range(400):
        values, truth = binormal(rng, 0.0, normal=60, anomalous=40)
        own = rng.normal(size=(2, 100))
        # Both see the same noise, so that they are right and wrong together.
        first, second = (1.2 * truth + 0.8 * values + 0.6 * own[0], 0.8 * truth + 0.8 * values + 0.6 * own[1])
        found = auroc_difference(first, second, truth)
        assert found.mean == pytest.approx(area(first, truth) - area(second, truth))
        held += found.low <= true <= found.high
        alone = auroc_interval(area(first, truth), 40, 60)
        narrower += found.high - found.low < math.sqrt(2) * (alone.high - alone.low)
    assert 0.92 <= held / 400 <= 0.985
    assert narrower > 390


def test_pixels_are_ranked_as_if_all_were_kept() -> None:
    rng, counts = np.random.default_rng(3), PixelCounts()
    heats, masks = [], []
    for _ in range(70):  # more pictures than are kept apart
        mask = np.zeros((9, 11), dtype=bool)
        mask[2:5, 3:8] = rng.random() < 0.5
        heat = (rng.exponential(size=mask.shape) * (1 + 2 * mask)).astype(np.float32)
        counts.add(heat, mask)
        heats.append(heat.ravel())
        masks.append(mask.ravel())
    found, exact = counts.ranking(), ranking(np.concatenate(heats), np.concatenate(masks))
    assert found is not None
    assert found.auroc.mean == pytest.approx(exact.auroc.mean, abs=1e-3)
    assert found.average_precision.mean == pytest.approx(exact.average_precision.mean, abs=5e-3)
    assert (found.num_normal, found.num_anomalous) == (exact.num_normal, exact.num_anomalous)
    assert found.auroc.low < found.auroc.mean < found.auroc.high


def test_pixels_of_one_kind_rank_nothing() -> None:
    counts = PixelCounts()
    assert counts.ranking() is None
    counts.add(np.ones((3, 4)), np.zeros((3, 4), dtype=bool))
    assert counts.ranking() is None


def test_intervals_of_pixels_are_as_wide_as_few_pictures_make_them() -> None:
    rng = np.random.default_rng(4)
    widths = []
    for side in (8, 32):
        counts = PixelCounts()
        for picture in range(12):
            mask = np.zeros((side, side), dtype=bool)
            mask[: side // 2] = True
            # The whole picture is hot or not; more of its pixels tell no more.
            seen = mask * np.random.default_rng(picture).random() * 2
            counts.add(np.abs(rng.normal(size=mask.shape) + seen), mask)
        found = counts.ranking()
        assert found is not None
        widths.append(found.auroc.high - found.auroc.low)
    assert widths[1] > 0.5 * widths[0]


def test_intervals_of_several_differences_hold_at_once_by_bonferronis_bound() -> None:
    rng = np.random.default_rng(3)
    truth = np.arange(60) >= 40
    first, second = rng.normal(size=60) + truth, rng.normal(size=60) + truth
    alone, among_four = (auroc_difference(first, second, truth, num_compared=count) for count in (1, 4))
    assert among_four.mean == alone.mean
    # Quantiles of a normal variable at 1 − 0.025/4 and 1 − 0.025.
    assert (among_four.high - among_four.mean) / (alone.high - alone.mean) == pytest.approx(2.4977 / 1.95996, rel=1e-4)
