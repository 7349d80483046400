"""Walks and samples as the claims about them take them."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from copyist.baselines.principal_axes import PCAFeatures
from copyist.claims.measures.walks_and_samples import (
    Reference,
    blurred_samples,
    mean_step,
    noisy_pixels,
    reference_for,
    spread,
    states,
)
from copyist.claims.model_folder import ModelFolder
from copyist.claims.trial import Trial
from copyist.models.conv_classifier import ConvClassifierConfig
from copyist.models.unet import UNetConfig


@pytest.fixture
def reference() -> Reference:
    draws = torch.Generator().manual_seed(1)
    x = torch.rand(60, 3, 16, 12, generator=draws)
    classifier = ConvClassifierConfig(channels=3, width=2, levels=2, num_classes=5).build()
    axes = PCAFeatures.fit(x, dimensions=4)
    return Reference(train=x, real=x[:32], starts=x[32:48], classifier=classifier, axes=axes)


@pytest.mark.slow
def test_distances_are_in_the_features_of_one_classifier_whatever_the_seed(models: Path) -> None:
    trial = Trial(scale="smoke", seed=0, resources=ModelFolder(models))
    first, second = (reference_for(replace(trial, seed=seed)).classifier.state_dict() for seed in (0, 1))
    assert all(torch.equal(first[name], second[name]) for name in first)


def numbered(steps: int, walkers: int) -> torch.Tensor:
    """Frames that hold the number of their step, and walkers that hold theirs beside it."""
    step = torch.arange(float(steps + 1))[:, None].expand(-1, walkers)
    walker = torch.arange(float(walkers)).expand(steps + 1, -1)
    return torch.stack((step, walker), 2)[:, :, :, None, None].expand(-1, -1, -1, 3, 4)


def test_states_are_of_the_second_half_and_end_with_the_last(trial: Trial) -> None:
    x = states(numbered(100, 8), trial)  # 32 pictures of 8 walkers
    assert x[:, 0, 0, 0].reshape(4, 8)[:, 0].tolist() == [62, 75, 88, 100]
    assert x[:, 1, 0, 0].reshape(4, 8)[2].tolist() == list(range(8))


def test_a_step_is_as_long_as_it_is_in_every_value() -> None:
    # Of each frame's 24 values the 12 of the step's number rise by 1.
    assert mean_step(numbered(100, 5)) == pytest.approx(12**0.5)


def test_walkers_that_fade_into_one_picture_have_no_spread(reference: Reference) -> None:
    model = UNetConfig(channels=3, width=2, levels=2).build()
    frames = torch.full((4, 16, 3, 16, 12), 0.4)
    assert spread(frames, model, reference) == 0.0


def test_noise_that_nothing_removes_adds_up_as_its_square_root(trial: Trial) -> None:
    frames = noisy_pixels(lambda x: x, torch.zeros(50, 3, 8, 7), trial, sigma=0.3)
    torch.testing.assert_close(frames[-1].std(), torch.tensor(0.3 * 5**0.5), rtol=0.05, atol=0)


def test_noise_before_a_constant_copy_is_forgotten(trial: Trial) -> None:
    frames = noisy_pixels(torch.zeros_like, torch.ones(2, 3, 8, 7), trial, sigma=0.3)
    assert torch.equal(frames[1:], torch.zeros_like(frames[1:]))


def test_blurred_samples_have_the_training_images_mean_and_spread(reference: Reference, trial: Trial) -> None:
    x = blurred_samples(reference, trial, blur=1.0, steps=3, batch_size=32)
    torch.testing.assert_close(x.mean((0, 2, 3)), reference.train.mean((0, 2, 3)))
    torch.testing.assert_close(x.std((0, 2, 3)), reference.train.std((0, 2, 3)), rtol=1e-3, atol=0)


def test_pictures_are_at_no_distance_from_themselves(reference: Reference) -> None:
    assert reference.distance(reference.real) == pytest.approx(0.0, abs=1e-6)
    assert reference.plain_distance(reference.real) == pytest.approx(0.0, abs=1e-6)
    brighter = replace(reference, real=reference.real + 1)
    assert reference.plain_distance(brighter.real) > 1


def test_training_images_are_remembered(reference: Reference) -> None:
    other = torch.rand(32, 3, 16, 12, generator=torch.Generator().manual_seed(2))
    assert replace(reference, real=other).remembered(reference.train) == 0.0


def test_the_same_trial_walks_the_same_way_again(trial: Trial) -> None:
    first, again = (noisy_pixels(lambda x: x, torch.zeros(2, 3, 8, 7), trial, sigma=0.3) for _ in range(2))
    assert torch.equal(first, again)
