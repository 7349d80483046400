"""What images are worth as landscapes: known answers for real, remembered and gray ones."""

import pytest
import torch

from copyist.claims.measures.landscapes import judge_landscapes, scene_values
from copyist.claims.nets import scenes
from copyist.claims.trial import Trial


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
