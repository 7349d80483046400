"""What claims about the bottleneck compute, of nets that are off by what a test says."""

from dataclasses import replace

import pytest
import torch

from copyist.claims.each import bottleneck_is_not_lossless as lossless
from copyist.claims.measures.bottlenecks import trained_bottlenecks
from copyist.errors import RegimeError
from copyist.training import Recipe

from .known import Affine, known_splits, known_trial, measured

DIGITS = "digits?limit=100"


def code(recipe: Recipe) -> str:
    return recipe.name.removeprefix("digits-bottleneck-of-")


def test_errors_of_codes_are_held_against_those_of_half_the_size() -> None:
    shifts = {"2": 0.1, "4": 0.05, "8": 0.04, "4-2-times-as-wide": 0.02}
    values = measured("bottleneck-trades-error", known_trial(lambda recipe: Affine(shift=shifts[code(recipe)])))
    assert values["held_out_step"] == values["training_step"] == pytest.approx(0.8**2, rel=1e-3)
    assert values["beyond_capacity"] == pytest.approx(0.5**2, rel=1e-3)
    assert values["wider"] == pytest.approx(0.4**2, rel=1e-3)
    assert values["held_out_psnr"] == pytest.approx(-20 * torch.tensor(0.04).log10().item(), rel=1e-3)
    x, train = known_splits(DIGITS).test.images(), known_splits(DIGITS).train.images()
    axes = torch.linalg.svd((train - train.mean(0)).flatten(1), full_matrices=False).Vh[:2]
    rows = (x - train.mean(0)).flatten(1)
    missed = float((rows - rows @ axes.T @ axes).square().mean())
    assert values["smallest_against_axes"] == pytest.approx(0.1**2 / missed, rel=1e-3)
    assert values["against_axes"] >= values["smallest_against_axes"]


def test_nets_that_copy_worse_than_as_many_axes_are_of_no_regime() -> None:
    trial = replace(known_trial(lambda _: Affine(scale=0.0, shift=0.5)), scale="standard")
    with pytest.raises(RegimeError, match=r"^a code of 2 copies training images with .* times the error"):
        trained_bottlenecks(trial)


def test_a_digit_is_exact_where_no_value_is_off_by_half_a_level() -> None:
    shifts = {"64": 0.0, "8": 0.49 / 16, "4": 0.51 / 16, "2": 0.51 / 16}
    values = measured("bottleneck-is-not-lossless", known_trial(lambda recipe: Affine(shift=shifts[code(recipe)])))
    count = len(known_splits(DIGITS).train)
    assert values["exact_training"] == values["exact_full"] == (count + 0.5) / (count + 1)
    assert values["exact_smallest"] == 0.5 / (count + 1)
    assert values["largest_miss"] == pytest.approx(0.49, abs=1e-5)
    assert values["wrong_values"] == pytest.approx(0, abs=1e-3)


def test_values_at_a_wrong_level_are_counted_one_by_one() -> None:
    x = torch.zeros(2, 1, 8, 8)
    x_hat = x.clone()
    x_hat[0, 0, 0, :3] = 1 / 16
    assert lossless._wrong_values(x_hat, x) == 3.5 / 129
    assert lossless._exact(x_hat, x) == 1.5 / 3
