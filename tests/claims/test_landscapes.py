"""What images are worth as landscapes: known answers for real, remembered and gray ones."""

import pytest
import torch

from copyist.claims.measures.landscapes import check_rules, judge_landscapes, keeps_all_rules, scene_values
from copyist.claims.nets import scenes
from copyist.claims.trial import Trial
from copyist.data import open_source


def test_held_out_scenes_have_exactly_their_own_detail_noise_and_spread(trial: Trial) -> None:
    x = trial.splits(scenes(trial)).test.images()
    found = judge_landscapes(x, trial)
    assert found.detail == pytest.approx(1.0)
    assert found.noise == pytest.approx(0.0)
    assert found.spread == pytest.approx(1.0)
    assert found.gray == 0
    assert found.coherent > 0.9


def test_training_scenes_are_remembered_and_score_nothing_mirrored_or_not(trial: Trial) -> None:
    train = trial.splits(scenes(trial)).train.images()[:32]
    for x in (train, train.flip(-1)):
        found = judge_landscapes(x, trial)
        assert (found.remembered, found.score, found.coherent) == (1.0, 0.0, 0.0)


def test_gray_images_are_rejected_and_have_no_spread(trial: Trial) -> None:
    found = judge_landscapes(torch.full((32, 3, 16, 16), 0.5), trial)
    assert (found.gray, found.score, found.coherent) == (1.0, 0.0, 0.0)
    assert found.spread == pytest.approx(0.0, abs=1e-6)


def test_patches_in_another_order_are_no_landscape(trial: Trial) -> None:
    values = scene_values(trial)
    assert values["coherent_shuffled"] < 0.1 < 0.9 < values["coherent_scenes"]


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
