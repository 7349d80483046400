"""What claims about representations compute, of maps whose inversions are known on paper.

A map that loses nothing is inverted to the image from any start; one that keeps brightness alone leaves the colors of
its start, of which it knows nothing.
"""

from typing import final

import pytest
from torch import nn

from copyist.claims.each import hidden_mlp_forgets as hidden
from copyist.claims.nets.ladder import ladder
from copyist.claims.result import NetRecord
from copyist.claims.trial import Rung, Trial
from copyist.metrics.distortion import psnr
from copyist.tensors import Images

from .known import Affine, Gray, Known, known_trial
from .known import measured as measured_by_instrument


def measured(name: str, trial: Trial) -> dict[str, float]:
    """What a claim measures, by the one instrument there is, which passes."""
    values = measured_by_instrument(name, trial)
    assert all(check.passed for check in trial.instruments.values())
    return {key.removesuffix("@inversion"): value for key, value in values.items()}


COUNT = 4
"""Images that are inverted at scale smoke."""


@final
class Coarse(Known):
    """Means of 2 × 2 pixels: a quarter of all directions, and of white noise, passes."""

    def decode(self, z: Images) -> Images:
        return nn.functional.interpolate(nn.functional.avg_pool2d(z, 2), scale_factor=2)


def landscapes(trial: Trial, *, count: int = COUNT) -> Images:
    """Those that are held out."""
    return trial.splits(ladder(trial).data).test.images(0, count)


def photographs(trial: Trial) -> Images:
    return trial.splits("photos?size=16&stride=32&limit=64").test.images(0, COUNT)


def contrast(x: Images) -> float:
    return float((x - x.mean((2, 3), keepdim=True)).square().mean().sqrt())


def grays_miss(x: Images) -> float:
    """What is off, over contrast, where brightness is all that is known, and each channel is fitted to it."""
    brightness = x.mean(1, keepdim=True).flatten(2)
    rows = x.flatten(2)
    rows, brightness = (each - each.mean(2, keepdim=True) for each in (rows, brightness))
    slope = (rows * brightness).sum(2, keepdim=True) / brightness.square().sum(2, keepdim=True)
    return float(((rows - slope * brightness).square().mean() / rows.square().mean()).sqrt())


def test_a_trained_output_is_held_against_untrained_ones() -> None:
    trial = known_trial(lambda _: Affine(), lambda recipe: Coarse() if "no-norm" in recipe.name else Gray())
    values = measured("training-clears-the-output-representation", trial)
    assert values["converged_trained"] == values["converged_untrained"] == 1.0
    assert values["missed_trained"] == pytest.approx(0.0, abs=0.01)
    assert values["missed_untrained"] == pytest.approx(grays_miss(landscapes(trial)), abs=0.03)
    assert values["noise_ratio"] == values["unforgotten_trained"] / values["unforgotten_untrained"] < 0.5
    assert values["missed_ratio"] == values["missed_trained"] / values["missed_untrained"] < 0.2
    assert values["against_unnormalized"] == values["unforgotten_trained"] / values["unforgotten_untrained_no_norm"] < 1
    assert values["sharpness"] == pytest.approx(1.0, abs=0.02)
    # Of the start three directions of four stay, and of its noise as much.
    assert values["noise_untrained_no_norm"] == pytest.approx(0.75**0.5 * values["noise_of_start"], rel=0.05)
    # A step of 0.1 · 0.005 takes nothing off: after ten of them the start is still there.
    assert values["noise_brief_trained"] == pytest.approx(values["noise_of_start"], rel=0.1)
    assert values["converged_brief_trained"] == 0.0


def test_an_output_that_knows_all_represents_the_noise_too() -> None:
    values = measured("noisy-inputs-are-represented-cleaner", known_trial(lambda _: Affine(), lambda _: Coarse()))
    for kind in ("blend", "gaussian"):
        assert values[f"{kind}_kept"] == pytest.approx(1.0, abs=0.02)
        assert values[f"projected_{kind}"] == pytest.approx(1.0, abs=0.02)
        assert values[f"{kind}_distance"] == pytest.approx(1.0, abs=0.02)
        assert values[f"output_kept_{kind}"] == pytest.approx(1.0, abs=1e-3)
        assert values[f"blurred_distance_{kind}"] < 1.0
    assert values["untrained_kept"] < 0.8


def test_an_output_that_knows_a_quarter_of_all_directions_represents_a_quarter_of_the_noise() -> None:
    values = measured("noisy-inputs-are-represented-cleaner", known_trial(lambda _: Coarse(), lambda _: Affine()))
    # Half of its size, beside what is known of the images.
    x = landscapes(known_trial(lambda _: Affine()))
    known = contrast(Coarse()(x)) / contrast(x)
    assert values["gaussian_kept"] == pytest.approx(0.5 / known, rel=0.06)
    assert values["projected_gaussian"] == pytest.approx(0.25 / known, rel=0.06)
    assert values["gaussian_distance"] < 1.0
    assert values["output_kept_gaussian"] == pytest.approx(values["gaussian_kept"], abs=0.02)
    assert values["untrained_kept"] == pytest.approx(1.0, abs=0.02)
    assert values["converged_untrained"] == 1.0


def test_a_module_that_forgets_is_held_against_the_plain_net() -> None:
    trial = known_trial(lambda recipe: Gray() if "hidden" in recipe.name else Affine(scale=1.0, shift=0.001))
    values = measured("hidden-mlp-forgets", trial)
    x = landscapes(trial, count=256)
    gray = x.mean(1, keepdim=True).expand_as(x)
    assert values["psnr"] == values["psnr_hidden"] == pytest.approx(float(psnr(gray, x).mean()), abs=1e-4)
    assert values["psnr_lost"] == pytest.approx(60.0 - values["psnr_hidden"], abs=0.01)
    assert values["blend_ratio_plain"] == pytest.approx(1.0, abs=0.01)
    # A third of the noise passes, and colors are lost besides.
    assert values["blend_ratio"] == values["blend_ratio_hidden"] < 1.0
    assert values["gaussian_ratio"] == values["gaussian_ratio_hidden"]
    assert values["missed"] == values["missed_hidden"] == pytest.approx(grays_miss(x[:COUNT]), abs=0.03)
    assert values["missed_plain_net"] == values["missed_plain"] < 0.02
    assert values["missed_ratio"] == values["missed_hidden"] / values["missed_plain"] > 10
    assert values["missed_ratio_equal"] == values["missed_hidden"] / values["missed_plain_equal"] > 10
    assert 0 < values["missed_axes"] < 1


def test_the_snapshot_that_is_nearest_in_psnr_is_the_one_of_equal_copies() -> None:
    records = [
        NetRecord(name="", judged=False, psnr=psnr, psnr_training=0.0, code_ratio=1.0, visits=1, seconds=1.0)
        for psnr in (24.1, 28.3, 31.2)
    ]
    nets = [Affine(shift=float(number)) for number in range(3)]
    rungs = [Rung(level=None, model=net, record=record) for net, record in zip(nets, records, strict=True)]
    assert hidden._nearest(rungs, wanted=29.0) is nets[1]
    assert hidden._nearest(rungs, wanted=50.0) is nets[2]


def test_missing_without_normalization_is_held_against_missing_with_it() -> None:
    trial = known_trial(lambda recipe: Gray() if "no-norm" in recipe.name else Coarse(), lambda _: Gray())
    values = measured("batchnorm-does-not-limit-representation", trial)
    x = landscapes(trial)
    coarse = nn.functional.interpolate(nn.functional.avg_pool2d(x, 2), scale_factor=2)
    lost = float((x - coarse).square().mean().sqrt()) / contrast(x)
    for net in ("with", "with_visits"):
        assert values[f"missed_{net}"] == pytest.approx(lost, abs=0.03)
    for net in ("without", "without_visits"):
        assert values[f"missed_{net}"] == pytest.approx(grays_miss(x), abs=0.03)
    assert values["missed_ratio"] == values["missed_without"] / values["missed_with"]
    assert values["missed_ratio_visits"] == values["missed_without_visits"] / values["missed_with_visits"]
    assert values["noise_ratio"] == values["unforgotten_without"] / values["unforgotten_with"]
    assert (values["known_with"], values["known_without"]) == (values["missed_with"], values["missed_without"])
    assert values["psnr_without"] == pytest.approx(
        float(psnr(Gray()(landscapes(trial, count=256)), landscapes(trial, count=256)).mean()), abs=1e-3
    )
