"""What claims about copies of noisy images compute, of models that pass on a known share of the noise."""

import math
from collections.abc import Callable

import pytest
from torch import Tensor

from copyist.baselines.controls import CONTROLS as FILTERS
from copyist.claims.nets import small_photos
from copyist.claims.trial import Trial
from copyist.training import Recipe

from .known import Affine, Passing, known_splits, known_trial, measured


def passing(
    shares: Callable[[Recipe], float | Callable[[Tensor], float]],
    *,
    shift: Callable[[Recipe], float] = lambda _: 0.0,
    training_shift: Callable[[Recipe], float] = lambda _: 0.0,
) -> Trial:
    """A trial whose trained models pass on a share of the noise; untrained ones pass on all of it."""
    return known_trial(
        lambda recipe: Passing(
            known_splits(recipe.data), share=shares(recipe), shift=shift(recipe), training_shift=training_shift(recipe)
        ),
        lambda _: Affine(),
    )


SMALL = small_photos(passing(lambda _: 0.0))


def near(values: dict[str, float], wanted: dict[str, float], *, within: float = 2e-3) -> None:
    """Compare some values with those on paper."""
    assert {name: values[name] for name in wanted} == pytest.approx(wanted, abs=within)


def test_skips_are_held_against_the_net_without_them_at_the_same_length_and_at_the_same_psnr() -> None:
    def share(recipe: Recipe) -> float:
        if "skips" not in recipe.name:
            return 0.3
        # From 0.5 after the shortest training, at share 0.01 of 20 steps, to 0.9 after the longest.
        return 0.7 if "none" in recipe.name else {60: 0.9, 20: 0.8}.get(recipe.training.steps, 0.5)

    def shift(recipe: Recipe) -> float:
        if "skips" not in recipe.name:
            return 0.01
        return {60: 0.001, 20: 0.001}.get(recipe.training.steps, 0.1)

    values = measured("skips-learn-identity", passing(share, shift=shift))
    gains = {"gain_with_skips": 0.8, "gain_without_skips": 0.3, "gain_difference": 0.5}
    near(values, {**gains, "gain_without_normalization": 0.7, "gain_after_longer_training": 0.9})
    near(values, {"psnr_with_skips": 60.0, "psnr_without_skips": 40.0, "psnr_after_longer_training": 60.0}, within=0.01)
    # Without skips there are 40 dB: halfway between the 20 of a brief training and the 60 of the usual one.
    assert 0.5 < values["gain_at_equal_psnr"] < 0.9
    at_equal = values["gain_at_equal_psnr"] - values["gain_without_skips"]
    assert values["gain_difference_at_equal_psnr"] == pytest.approx(at_equal)
    near(values, {"gaussian_ratio_with_skips": 0.8, "gaussian_ratio_difference": 0.3 - 0.8}, within=0.01)
    assert -0.65 < values["gaussian_ratio_difference_at_equal_psnr"] < -0.15


def test_an_image_alone_and_half_clean_company_are_held_against_noisy_company() -> None:
    def share(passed: Tensor) -> float:
        noisy = passed.flatten(1).norm(dim=1) > 1e-3
        return float(noisy.double().mean()) / len(passed)

    values = measured("batch-decides-the-answer", passing(lambda r: {"running": 0.2, "image": 0.3, "none": 0.4}.get(
        str(getattr(r.model, "statistics", "")), 0.0) or share))  # fmt: skip
    # Sixteen images are one batch of the 64; beside sixteen clean ones half of 32 are noisy.
    near(values, {"blend_all_noisy": 1 / 16, "blend_half_clean": 1 / 64, "blend_eights": 1 / 8, "blend_alone": 1.0})
    near(values, {"alone_minus_company": 1 - 1 / 16, "half_clean_minus_company": 1 / 64 - 1 / 16})
    near(values, {"blend_running_averages": 0.2, "blend_image_statistics": 0.3, "gaussian_no_statistics": 0.4})


def test_batches_of_one_are_held_against_larger_ones_each_net_used_as_it_was_trained() -> None:
    shares = {1: 0.5, 8: 0.4, 16: 0.2}
    trial = passing(lambda r: 0.1 * r.training.batch_size / 2 if "shallow" in r.name else shares[r.training.batch_size])
    values = measured("one-image-is-batch-enough", trial)
    for kind in ("blend", "gaussian"):
        near(values, {f"{kind}_one_minus_8": 0.1, f"{kind}_one_minus_16": 0.3, f"{kind}_16": 0.2})
        near(values, {f"{kind}_shallow_1": 0.05, f"{kind}_shallow_16": 0.8})
    near(values, {"blend_ratio_of_one": 0.5, "blend_one_among_16": 0.5, "blend_16_alone": 0.2})


def test_statistics_that_normalization_keeps_are_those_of_each_image() -> None:
    def none(recipe: Recipe) -> bool:
        return "none" in recipe.name

    trial = passing(lambda r: 0.0 if none(r) else 1.0, shift=lambda r: 0.1 if none(r) else 0.0)
    values = measured("batchnorm-keeps-statistics", trial)
    near(values, {"noise_left_without": 0.0, "noise_left_with": 1.0})
    near(values, {f"{kind}_mean_error_without": 0.1 for kind in ("blend", "gaussian")})
    near(values, {f"{kind}_std_error_without": 0.0 for kind in ("blend", "gaussian")})
    near(values, {"mean_error_difference": 0.1 - values["blend_mean_error_noisy"]})
    near(values, {"std_error_difference": 0.0 - values["blend_std_error_noisy"]})
    assert values["psnr_without"] == pytest.approx(20.0, abs=0.01)


def test_deblurring_gains_what_of_the_blur_is_not_passed_on_in_decibels() -> None:
    shares = {"photos-unet": 0.5, "photos-unet-none": 0.25, "photos-unet-denoiser": 0.1}
    values = measured("batchnorm-does-not-matter-for-deblurring", passing(lambda r: shares[r.name]))
    decibels = {name: -20 * math.log10(share) for name, share in shares.items()}
    near(values, {"gain_with": decibels["photos-unet"], "gain_without": decibels["photos-unet-none"]}, within=0.01)
    near(values, {"gain_denoiser": 20.0, "difference": 20 * math.log10(2)}, within=0.01)


def test_a_code_larger_than_the_image_is_held_against_the_better_of_two_smaller_ones() -> None:
    def share(recipe: Recipe) -> float:
        if "denoiser" not in recipe.name:
            return 0.9
        # 8×8 images of 192 values, of which 64 are a third, and 16 a twelfth; the largest code has 200 units.
        return {"64": 0.2, "16": 0.4, "200": 0.3}[recipe.name.split("-")[-2]]

    values = measured("denoising-needs-no-bottleneck", passing(share))
    near(values, {"overcomplete_ratio": 0.3, "against_undercomplete": 0.3 - 0.2, "overcomplete_copier": 0.9})
    near(values, {"undercomplete_small": 0.4, "undercomplete_large": 0.2, "training_ratio": 0.3})
    near(values, {"gain": 0.3, "gain_copier": 0.9, "gain_undercomplete": 0.2})
    # The mean of eight training images, whose values have a variance of 1/12, knows nothing of any other image.
    near(values, {"mean_image": (9 / 8 / 12) ** 0.5 / 0.2}, within=0.05)


def test_the_identity_is_held_against_a_net_that_is_not_one_on_held_out_images() -> None:
    def share(recipe: Recipe) -> float:
        return 1.0 if "skips" in recipe.name else 0.8 if "linear" in recipe.name else 0.4

    trial = passing(share, shift=lambda _: 0.01, training_shift=lambda _: 0.001)
    values = measured("overcomplete-is-not-identity", trial)
    near(values, {"gain": 0.4, "gain_linear_map": 0.8, "gain_unet_with_skips": 1.0, "gain_untrained": 1.0})
    near(values, {"clean_psnr": 40.0, "psnr_linear_map": 40.0, "training_psnr": 60.0}, within=0.01)


def test_squared_errors_are_held_against_those_of_the_corruption_itself() -> None:
    def share(recipe: Recipe) -> float:
        return 0.5 if "denoiser" in recipe.name else 0.9 if "attention" in recipe.name else 0.2

    values = measured("perfect-representation-cannot-denoise", passing(share))
    near(values, {"identity_gaussian": 1.0, "identity_blend": 1.0}, within=0.02)
    near(values, {"attention_gaussian": 0.81, "attention_blend": 0.81, "attention_gain": 0.9})
    # Under the blend a landscape may be taken for another one that is like it.
    near(values, {"attention_denoiser_gaussian": 0.25, "attention_denoiser_blend": 0.25}, within=5e-3)
    near(values, {"unet_gaussian": 0.04, "unet_blend": 0.04})


@pytest.mark.slow
def test_a_copier_is_held_against_the_best_filter_and_shown_beside_a_denoiser() -> None:
    values = measured("overcomplete-denoises", passing(lambda r: 0.5 if "denoiser" in r.name else 0.25))
    for kind in ("blend", "gaussian", "shift"):
        near(values, {f"{kind}_ratio": 0.25, f"{kind}_denoiser": 0.5})
        # The linear map undoes a noiseless shift exactly, and is no rival there.
        rivals = [name for name in FILTERS if name != "identity" and (kind, name) != ("shift", "linear")]
        best = min(1.0, *(values[f"{kind}_{name.replace(' ', '_')}"] for name in rivals))
        assert values[f"{kind}_beyond_filters"] == pytest.approx(0.25 - best, abs=2e-3)
        unseen = ("mean_image", "plain_blur", "plain_median", "linear_copier")
        assert values[f"{kind}_best_unseen"] == min(1.0, *(values[f"{kind}_{name}"] for name in unseen))
        # Clean images are copied without error.
        assert values[f"{kind}_least_ratio"] == pytest.approx(0.0, abs=1e-5)
    assert values["gaussian_detail"] > 0
