"""What inversions say of nets whose answers are on paper."""

import math

import pytest
import torch
from torch import Tensor, nn

from copyist.claims.measures.inversion_finding import TOLERANCE, find_inversion, inversion_numbers
from copyist.claims.trial import Trial
from copyist.claims.wording import CONVERGED
from copyist.errors import ArgumentError
from copyist.procedures.inversion import SHIFT
from copyist.tensors import Images


def g(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class Permutation(nn.Module):
    """Every pixel at another place."""

    def forward(self, x: Images) -> Images:
        return x.flatten(2).roll(5, 2).flip(1).view_as(x)


class Averages(nn.Module):
    """Means of 2 × 2 pixels: three quarters of all directions are not seen."""

    def forward(self, x: Images) -> Tensor:
        return nn.functional.avg_pool2d(x, 2)


class Nothing(nn.Module):
    """Answers without looking."""

    def forward(self, x: Images) -> Tensor:
        return torch.ones(len(x), 7) + 0 * x.sum((1, 2, 3))[:, None]


@pytest.fixture
def x() -> Images:
    return torch.rand(4, 3, 8, 10, generator=g())


def contrast(x: Images) -> float:
    return float(x.var((2, 3), correction=0).mean().sqrt())


@pytest.mark.parametrize("model", [nn.Identity(), Permutation()])
def test_a_map_that_loses_nothing_leaves_no_noise_and_misses_nothing(model: nn.Module, x: Images, trial: Trial) -> None:
    found = find_inversion(model, x, trial)
    assert found.converged == 1.0
    assert found.known.noise == pytest.approx(0.0, abs=0.01)
    assert found.known.missed == pytest.approx(0.0, abs=0.01)
    assert found.known.disagreement == pytest.approx(0.0, abs=0.001)
    assert found.known.sharpness == pytest.approx(1.0, abs=0.02)
    assert found.known.contrast == pytest.approx(1.0, abs=0.01)


def test_a_map_that_ignores_its_input_leaves_the_start_and_knows_nothing(x: Images, trial: Trial) -> None:
    found = find_inversion(Nothing(), x, trial)
    assert found.known == found.start == found.everything
    # One of two starts has noise of 0.05, of which the standard deviation between them is 1/√2.
    assert found.known.noise == pytest.approx(0.05 / 2**0.5 / contrast(x), rel=0.1)
    assert found.known.grain == pytest.approx(0.05 / contrast(x), rel=0.2)
    assert found.known.missed == pytest.approx(1.0, abs=0.02)
    assert found.known.sharpness < 0.1


def test_of_averages_what_they_cannot_tell_stays_as_the_start_had_it(x: Images, trial: Trial) -> None:
    found = find_inversion(Averages(), x, trial)
    # Between starts three quarters of the variance are left, and of the original a quarter is known.
    assert found.known.noise == pytest.approx(0.75**0.5 * found.start.noise, rel=0.05)
    coarse = nn.functional.interpolate(nn.functional.avg_pool2d(x, 2), scale_factor=2)
    assert found.known.missed == pytest.approx(float((x - coarse).square().mean().sqrt()) / contrast(x), rel=0.03)
    assert found.known.sharpness < 0.5


def test_a_third_start_changes_no_expectation_but_gray_counts_as_one_of_three(x: Images, trial: Trial) -> None:
    found = find_inversion(Nothing(), x, trial, num_noisy_starts=2)
    assert len(found.inverses) == 3
    # Of two noisy values and a constant the mean variance is 0.05²·2/3.
    assert found.known.noise == pytest.approx(0.05 * (2 / 3) ** 0.5 / contrast(x), rel=0.1)


def test_inverses_that_differ_in_brightness_and_contrast_alone_have_no_noise_in_correlation(x: Images) -> None:
    numbers = inversion_numbers([2 * x + 1, 2 * x - 1], x)
    assert numbers.noise == pytest.approx(0.0, abs=1e-6)
    assert (numbers.disagreement, numbers.missed) == pytest.approx((0.0, 0.0), abs=1e-6)
    assert (numbers.contrast, numbers.sharpness) == pytest.approx((2.0, 1.0))
    assert inversion_numbers([x, 3 * x], x).disagreement == pytest.approx(0.0, abs=1e-6)


def test_noise_is_in_units_of_the_original_and_not_of_the_inverse(x: Images) -> None:
    noise = [0.1 * torch.randn(x.shape, generator=g(seed)) for seed in (1, 2)]
    bold, faint = (inversion_numbers([scale * x + each for each in noise], x) for scale in (1.0, 0.1))
    assert bold.noise == pytest.approx(0.1 / contrast(x), rel=0.1)
    assert faint.noise == pytest.approx(bold.noise, rel=1e-3)
    assert faint.disagreement > bold.disagreement


def test_what_did_not_converge_is_no_evidence_but_is_shown(x: Images, trial: Trial) -> None:
    found = find_inversion(nn.Identity(), x, trial, method="reference", steps=1)
    assert found.converged == 0.0
    assert math.isnan(found.known.noise)
    # A step of 0.1 · 0.005 toward each value takes nothing off the noise.
    assert found.everything.noise == pytest.approx(found.start.noise, rel=0.05)


def test_fewer_than_two_starts_are_refused(x: Images, trial: Trial) -> None:
    with pytest.raises(ArgumentError, match="at least two"):
        inversion_numbers([x], x)
    with pytest.raises(ArgumentError, match="at least one noisy start"):
        find_inversion(nn.Identity(), x, trial, num_noisy_starts=0)


def test_pages_say_of_converged_searches_what_they_are_asked() -> None:
    assert f"σ = 1/{1 / SHIFT:.0f} makes; most aim at {TOLERANCE:g} of that" in CONVERGED
