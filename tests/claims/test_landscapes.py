"""What images are worth as landscapes: known answers for real, remembered and gray ones."""

import math
from dataclasses import replace

import pytest
import torch

from copyist.claims.measures.landscapes import (
    Landscapes,
    check_rules,
    judge_landscapes,
    keeps_all_rules,
    ladder_landscapes,
    landscape_values,
    odds_ratio,
)
from copyist.claims.trial import Trial
from copyist.data import open_source
from copyist.tensors import Images

SPLITS = open_source("scenes?size=16&limit=64")


def judged(x: Images) -> Landscapes:
    return judge_landscapes(x, train=SPLITS.train.images(), held_out=SPLITS.test.images())


def test_held_out_scenes_have_exactly_their_own_detail_noise_and_spread() -> None:
    found = judged(SPLITS.test.images())
    assert (found.detail, found.artifacts) == (pytest.approx(1.0), pytest.approx(0.0, abs=1e-6))
    assert found.detail == pytest.approx(1.0)
    assert found.noise == pytest.approx(0.0)
    assert found.spread == pytest.approx(1.0)
    assert found.gray == 0
    assert found.coherent > 0.9


def test_training_scenes_are_remembered_and_not_coherent_mirrored_or_not() -> None:
    train = SPLITS.train.images()[:32]
    for x in (train, train.flip(-1)):
        found = judged(x)
        assert (found.remembered, found.coherent) == (1.0, 0.0)


def test_gray_images_are_rejected_and_have_no_spread() -> None:
    found = judged(torch.full((32, 3, 16, 16), 0.5))
    assert (found.gray, found.coherent) == (1.0, 0.0)
    assert found.spread == pytest.approx(0.0, abs=1e-6)


def test_odds_of_all_against_none_are_finite() -> None:
    # Of 64 images (64 + ½) / 65 keep the rules, of the others ½ / 65.
    real, turned = judged(SPLITS.test.images()), judged(SPLITS.test.images().flip(-2))
    assert (real.coherent, turned.coherent) == (1.0, 0.0)
    assert odds_ratio(real, turned) == pytest.approx((64.5 / 0.5) ** 2)


def test_a_seed_that_the_ladder_has_not_gives_no_numbers(trial: Trial) -> None:
    found = ladder_landscapes(replace(trial, seed=3), {"ladder_plain": "plain"})
    assert found == {"ladder_plain": None}
    assert all(math.isnan(value) for value in landscape_values(found).values())


def test_the_rules_may_judge_landscapes_and_nothing_that_turns_them_over() -> None:
    splits = open_source("scenes?size=16&limit=128")
    train, held_out = splits.train.images(), splits.test.images()
    check = check_rules(train=train, held_out=held_out)
    assert (check.name, check.passed) == ("rules", True)
    assert check.values["training_images"] == check.values["mean_image"] == check.values["mean_colored"] == 0.0
    # Real ones that break the rules, and spoiled ones that keep them.
    assert not check_rules(train=train.flip(-2), held_out=held_out.flip(-2)).passed
    turned = torch.cat([held_out[:64], held_out[64:].flip(-2)])
    assert check_rules(train=train, held_out=turned).values["real"] == pytest.approx(0.5, abs=0.02)


def test_near_copies_of_training_images_count_as_remembered_and_new_landscapes_do_not() -> None:
    splits = open_source("scenes?size=16&limit=128")
    train, held_out = splits.train.images(), splits.test.images()
    near = keeps_all_rules(train + 0.01, train=train, held_out=held_out)
    assert not near.any()
    assert keeps_all_rules(held_out, train=train, held_out=held_out).float().mean() > 0.95
