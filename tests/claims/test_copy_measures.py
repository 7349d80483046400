"""The measures of copies, of maps whose answers are known."""

from dataclasses import replace

import pytest
import torch

from copyist.claims.measures.copy_measures import clean_psnr, copies, denoising_ratio, gain, gains_by_color, held_out
from copyist.claims.trial import Trial
from copyist.corruption import Blend, GaussianNoise

from .known import Affine, Gray


def images(count: int = 6) -> torch.Tensor:
    return torch.rand(count, 3, 5, 7, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("scale", [1.0, 0.25, 0.0, -1.0])
def test_the_gain_of_a_multiple_is_that_multiple(scale: float, trial: Trial) -> None:
    assert gain(Affine(scale=scale, shift=0.3), images(), trial) == pytest.approx(scale, abs=1e-4)


def test_a_copier_of_gray_passes_on_brightness_and_no_color(trial: Trial) -> None:
    brightness, color = gains_by_color(Gray(), images(), trial)
    assert brightness == pytest.approx(1.0, abs=1e-4)
    assert color == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize("corruption", [GaussianNoise(0.2), Blend(0.3)])
def test_a_perfect_copy_is_as_far_away_as_the_noisy_image(corruption: GaussianNoise | Blend, trial: Trial) -> None:
    assert denoising_ratio(Affine(), images(), corruption, trial) == pytest.approx(1.0)


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_noise_on_black_images_is_scaled_as_they_are(scale: float, trial: Trial) -> None:
    black = torch.zeros(6, 3, 5, 7)
    assert denoising_ratio(Affine(scale=scale), black, GaussianNoise(0.2), trial) == pytest.approx(scale)


def test_the_answer_that_is_always_right_has_no_distance_left(trial: Trial) -> None:
    gray = torch.full((6, 3, 5, 7), 0.5)
    assert denoising_ratio(Affine(scale=0.0, shift=0.5), gray, Blend(0.3), trial) == 0.0


@pytest.mark.parametrize(("shift", "decibels"), [(0.1, 20.0), (0.01, 40.0), (1.0, 0.0)])
def test_copies_that_are_all_off_by_a_tenth_have_20_decibels(shift: float, decibels: float) -> None:
    assert clean_psnr(Affine(shift=shift), images()) == pytest.approx(decibels, abs=1e-3)


def test_copies_ask_for_no_gradients_and_hold_every_image_in_its_place() -> None:
    model, x = Affine(scale=3.0), images(11)
    model.trained_on = replace(model.trained_on, batch_size=4)
    x_hat = copies(model, x)
    assert not x_hat.requires_grad
    assert torch.equal(x_hat, 3 * x)


def test_held_out_images_are_the_first_of_the_test_split(trial: Trial) -> None:
    x = held_out(trial, "digits", count=5)
    assert torch.equal(x.cpu(), trial.splits("digits").test.images()[:5])
