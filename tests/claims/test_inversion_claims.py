"""What claims about representations compute, of maps whose inversions are known on paper.

A map that loses nothing is inverted to the image from any start; one that keeps brightness alone leaves the colors of
its start, of which it knows nothing.
"""

import pytest

from copyist.claims.measures.inversion_measures import noise_share
from copyist.claims.nets import photos
from copyist.claims.trial import Trial
from copyist.metrics.distortion import psnr
from copyist.tensors import Images
from copyist.training import Recipe

from .known import Affine, Gray, Passing, known_splits, known_trial, measured


def shown(trial: Trial, *, count: int = 4) -> Images:
    """The photographs that are inverted."""
    return trial.splits(photos(trial)).test.images(0, count)


def test_missing_without_normalization_is_held_against_missing_with_it() -> None:
    trial = known_trial(lambda recipe: Gray() if "none" in recipe.name else Affine())
    values = measured("batchnorm-does-not-limit-representation", trial)
    assert (values["converged_with"], values["converged_without"]) == (1.0, 1.0)
    assert values["missed_with"] == pytest.approx(0.0, abs=1e-3)
    assert values["disagreement_with"] == pytest.approx(0.0, abs=1e-3)
    # The colors of independent values of variance 1/12 are missed, of which a third is brightness, which is known.
    assert values["missed_without"] == pytest.approx((2 / 3 / 12) ** 0.5, abs=0.02)
    assert values["missed_difference"] == values["missed_without"] - values["missed_with"]
    assert values["disagreement_difference"] == values["disagreement_without"] - values["disagreement_with"] > 0.01
    assert values["psnr_with"] == float("inf")


def test_a_trained_output_is_held_against_an_untrained_one() -> None:
    trial = known_trial(lambda _: Affine(), lambda _: Gray())
    values = measured("training-clears-the-output-representation", trial)
    assert values["noise_of_image"] == pytest.approx(noise_share(shown(trial)))
    assert values["noise_trained"] == pytest.approx(values["noise_of_image"], abs=1e-3)
    assert values["sharpness_trained"] == pytest.approx(1.0, abs=1e-3)
    assert values["missed_untrained"] > 0.1 > values["missed_trained"] + 0.099
    assert values["noise_difference"] == values["noise_trained"] - values["noise_untrained"]
    assert (
        values["disagreement_difference"] == values["disagreement_trained"] - values["disagreement_untrained"] < -0.01
    )


def test_an_output_that_knows_all_represents_the_noise_too() -> None:
    values = measured("noisy-inputs-are-represented-cleaner", known_trial(lambda _: Affine(), lambda _: Gray()))
    for kind in ("", "blend_"):
        assert values[f"{kind}noise_share"] == pytest.approx(1.0, abs=1e-3)
        assert values[f"{kind}distance_share"] == pytest.approx(1.0, abs=1e-3)
    assert values["sharpness"] == pytest.approx(values["sharpness_noisy"], rel=1e-3)
    assert values["untrained_distance_share"] > 1.0
    assert values["blur_noise_share"] < 1.0


def test_a_module_that_forgets_is_held_against_the_plain_net() -> None:
    trial = known_trial(lambda recipe: Gray() if "hidden" in recipe.name else Affine(scale=1.0, shift=0.001))
    values = measured("hidden-mlp-forgets", trial)
    x = shown(trial, count=256)
    gray = x.mean(1, keepdim=True).expand_as(x)
    assert values["psnr_hidden"] == pytest.approx(float(psnr(gray, x).mean()), abs=1e-4)
    assert values["psnr_lost"] == pytest.approx(60.0 - values["psnr_hidden"], abs=0.01)
    assert values["blend_ratio_plain"] == pytest.approx(1.0, abs=0.01)
    # Noise that is equal in all channels is a third of all noise, and what was colorful is lost besides.
    assert values["blend_ratio"] != values["blend_ratio_plain"]
    assert values["missed_difference"] == values["missed_hidden"] - values["missed_plain"] > 0.1
    assert values["training_psnr_plain"] == pytest.approx(60.0, abs=0.01)


def attention(recipe: Recipe) -> Affine | Gray:
    """Attention by dot products forgets colors; linear attention forgets nothing."""
    return Gray() if "dot" in recipe.name else Affine(scale=1.0, shift=0.01)


def test_dot_products_are_held_against_linear_attention_trained_and_not() -> None:
    trial = known_trial(attention, lambda recipe: Affine() if "dot" in recipe.name else Gray())
    values = measured("dot-attention-represents-less", trial)
    assert values["missed_difference"] == values["missed_dot"] - values["missed_linear"] > 0.1
    assert values["missed_difference_at_equal_psnr"] == values["missed_dot"] - values["missed_linear_stopped"] > 0.1
    assert values["missed_difference_untrained"] == values["missed_dot_untrained"] - values["missed_linear_untrained"]
    assert values["missed_difference_untrained"] < -0.1
    assert values["gain_linear"] == pytest.approx(1.0, abs=1e-3)
    # Of noise that differs from channel to channel a third is brightness.
    assert values["gain_dot"] == pytest.approx(1 / 3, abs=0.05)
    assert values["psnr_linear"] == pytest.approx(40.0, abs=0.01)


def test_dot_products_alone_are_held_against_what_their_images_have_without_them() -> None:
    trial = known_trial(lambda _: Affine(scale=1.0, shift=0.001), lambda _: Affine(scale=0.5, shift=0.25))
    values = measured("dot-attention-alone-copies", trial)
    x = shown(trial)
    contrast = (x - x.mean((2, 3), keepdim=True)).square().mean().sqrt()
    assert values["clean_psnr"] == pytest.approx(60.0, abs=0.01)
    assert values["spread"] == pytest.approx(float(contrast))
    assert values["gaussian_ratio"] == pytest.approx(1.0, abs=0.01)
    assert values["blend_ratio"] == pytest.approx(1.0, abs=0.01)
    assert values["gain"] == pytest.approx(1.0, abs=1e-3)
    assert max(values["missed"], values["disagreement"], values["missed_untrained"]) < 1e-2
    # Half of the contrast around 0.5 is off by half of it.
    halved = 0.5 * x + 0.25
    assert values["psnr_untrained"] == pytest.approx(float(psnr(halved, x).mean()), abs=1e-3)


def test_linear_attention_is_held_against_the_unet_without_skips() -> None:
    def model(recipe: Recipe) -> Affine | Passing:
        known = Passing(known_splits(recipe.data), share=0.2, shift=0.001)
        return Affine(scale=1.0, shift=0.001) if "attention" in recipe.name else known

    trial = known_trial(model, lambda _: Affine(scale=0.5))
    values = measured("linear-attention-represents-perfectly", trial)
    assert values["clean_psnr"] == pytest.approx(60.0, abs=0.01)
    assert max(values["missed"], values["apart"], values["missed_untrained"]) < 1e-2
    gains = {"gain": 1.0, "gain_brightness": 1.0, "gain_color": 1.0, "gain_unet": 0.2}
    assert {name: values[name] for name in gains} == pytest.approx(gains, abs=1e-3)
    assert values["blend_ratio"] == pytest.approx(1.0, abs=0.01)
    assert values["psnr_unet"] == pytest.approx(60.0, abs=0.01)
    assert values["gaussian_unet"] == pytest.approx(0.2, abs=0.01)
    assert values["blend_against_unet"] == pytest.approx(1.0 - 0.2, abs=0.01)
