"""What claims about noise compute, of copiers that pass on a known share of it, at a known PSNR."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from copyist.baselines.controls import CONTROLS as FILTERS
from copyist.claims.each import batch_decides_the_answer, most_of_the_blend_is_a_shift
from copyist.claims.measures.denoising_parts import FIXED, SET
from copyist.claims.measures.running_averages import with_running_averages
from copyist.claims.nets import scenes_mlp
from copyist.claims.nets.ladder import SNAPSHOTS
from copyist.claims.trial import Trial
from copyist.models.contracts import Reconstructor, needs
from copyist.models.unet import UNetConfig
from copyist.training import Recipe

from .known import Affine, Passing, known_rungs, known_splits, known_trial, measured

DRAWN = ("photos", "scenes", "faces")
"""All images are random, so that none is taken for another under heavy noise."""

SCENES = "scenes?size=16&limit=64"

Share = float | Callable[[Tensor], float]


def passing(shares: Callable[[Recipe], Share], *, shift: Callable[[Recipe], float] = lambda _: 0.0) -> Trial:
    """A trial whose trained models pass on a share of the noise; untrained ones pass on all of it."""
    return known_trial(
        lambda recipe: Passing(known_splits(recipe.data, drawn=DRAWN), share=shares(recipe), shift=shift(recipe)),
        lambda _: Affine(),
        drawn=DRAWN,
    )


def near(values: dict[str, float], wanted: dict[str, float], *, within: float = 5e-3) -> None:
    """Compare some values with those on paper."""
    assert {name: values[name] for name in wanted} == pytest.approx(wanted, abs=within)


def on_the_way(
    monkeypatch: pytest.MonkeyPatch,
    share: Callable[[Recipe, float | None], float],
    *,
    last: Callable[[Recipe], float] = lambda _: 40.0,
    reached: Callable[[Recipe], float] = lambda _: 36.0,
) -> Trial:
    """Nets whose copies are of their snapshots' PSNR, and of `last` at the end; snapshots up to `reached` are there."""

    def model(recipe: Recipe, level: float | None) -> Passing:
        psnr = last(recipe) if level is None else level
        return Passing(known_splits(recipe.data, drawn=DRAWN), share=share(recipe, level), shift=10 ** (-psnr / 20))

    return known_rungs(
        monkeypatch,
        lambda recipe: model(recipe, None),
        lambda recipe, level: model(recipe, level) if level <= reached(recipe) else None,
        drawn=DRAWN,
    )


def test_skips_are_held_against_the_net_without_them_where_both_copy_alike_and_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def share(recipe: Recipe, level: float | None) -> float:
        if "skips" in recipe.name:
            return 0.9 if level is None else {33.0: 0.6}.get(level, 0.1)
        return 0.3 if level is None else {33.0: 0.2}.get(level, 0.1)

    values = measured("skips-learn-identity", on_the_way(monkeypatch, share, last=lambda _: 46.0))
    near(values, {"gain_with_skips": 0.9, "gain_near_one": 0.9, "missing_after_training": 0.1 / 0.4})
    near(values, {"gain_difference": 0.6 - 0.2, "gain_plain": 0.3, "ladder_gain_skips": 0.9, "ladder_gain_plain": 0.3})
    near(values, {"psnr_with_skips": 46.0, "ladder_psnr_plain": 46.0}, within=0.01)
    # The shift of 33 dB, 0.022, adds to what is passed on of the noise.
    near(values, {"blend_over_skips": 0.2 / 0.6, "gaussian_over_skips": 0.2 / 0.6}, within=0.08)


def test_an_image_alone_in_half_clean_company_and_under_averages_is_held_against_noisy_company(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def share(passed: Tensor) -> float:
        noisy = passed.flatten(1).norm(dim=1) > 1e-3
        return float(noisy.double().mean()) / len(passed)

    monkeypatch.setattr(
        batch_decides_the_answer,
        "with_running_averages",
        lambda model, train, batch_size: Passing(known_splits(SCENES, drawn=DRAWN), share=0.2),
    )
    statistics: dict[str, Share] = {"image": 0.3, "none": 0.4}
    trial = passing(lambda r: statistics.get(str(getattr(r.model, "statistics", "")), share))
    values = measured("batch-decides-the-answer", trial)
    # Sixteen images are one batch of the ladder's sixteen; beside as many clean ones half of each batch is noisy.
    near(values, {"blend_all_noisy": 1 / 16, "blend_half_clean": 1 / 32, "blend_eights": 1 / 8, "blend_alone": 1.0})
    near(values, {"alone_over_company": 16.0, "half_clean_over_company": 0.5, "averages_over_company": 3.2})
    near(values, {"blend_averages": 0.2, "blend_image_statistics": 0.3, "gaussian_no_statistics": 0.4})
    near(values, {"crops_alone": 1.0, "training_alone": 1.0, "training_eights": 1 / 8})


def test_stored_averages_are_those_of_training_batches_and_leave_the_net_as_it_was() -> None:
    torch.manual_seed(0)
    model = needs(UNetConfig(width=4, levels=2, channels=3).build(), Reconstructor, verb="a test").eval()
    train = torch.rand(32, 3, 8, 8)
    averaged = with_running_averages(model, train, batch_size=16)
    with torch.no_grad():
        # Of one batch again and again the averages are its own statistics, but for Bessel's correction of the variance.
        same = with_running_averages(model, train[:16].repeat(2, 1, 1, 1), batch_size=16)
        torch.testing.assert_close(same(train[:16]), model(train[:16]), atol=0.02, rtol=0.02)
        # An image alone has the answer that it has in company.
        torch.testing.assert_close(averaged(train[:1]), averaged(train[:16])[:1])
        assert not torch.allclose(model(train[:1]), model(train[:16])[:1], atol=1e-3)


def test_images_of_their_own_statistics_are_held_against_batches_at_equal_psnr_and_at_equal_visits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def share(recipe: Recipe, level: float | None) -> float:
        own = {24.0: 0.9, 28.0: 0.8, 31.0: 0.5, 33.0: 0.4, None: 0.35}
        batch = {24.0: 0.8, 28.0: 0.6, 31.0: 0.4, 33.0: 0.25, 36.0: 0.2, None: 0.1}
        return (own if "image" in recipe.name else batch)[level]

    trial = on_the_way(monkeypatch, share, last=lambda _: 60.0, reached=lambda r: 33.0 if "image" in r.name else 36.0)
    values = measured("one-image-is-batch-enough", trial)
    # Both reached 33 dB, and 36 only one of them; both have seen as many images at the end.
    assert values["level"] == 33.0
    near(values, {"psnr_image": 33.0, "psnr_batch": 33.0}, within=0.01)
    for kind in ("blend", "gaussian"):
        # The shift of 33 dB adds to what is passed on of the noise.
        near(values, {f"{kind}_batch_of_8": 0.25}, within=0.05)
        near(values, {f"{kind}_one_over_batch": 0.4 / 0.25}, within=0.2)
        near(values, {f"{kind}_one_over_batch_at_equal_visits": 0.35 / 0.1}, within=0.2)
    near(values, {"blend_of_one": 0.4}, within=0.05)


def test_statistics_that_normalization_keeps_are_those_of_each_image_where_both_copy_alike(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def share(recipe: Recipe, level: float | None) -> float:
        assert level is None or level <= 31.0 or "no-norm" not in recipe.name
        return 0.0 if "no-norm" in recipe.name else 1.0 if level == 31.0 else 0.5

    trial = on_the_way(monkeypatch, share, reached=lambda r: 31.0 if "no-norm" in r.name else 36.0)
    values = measured("batchnorm-keeps-statistics", trial)
    near(values, {"psnr_with": 31.0, "psnr_without": 31.0}, within=0.01)
    near(values, {f"{kind}_noise_with": 1.0 for kind in ("blend", "gaussian")}, within=0.02)
    near(values, {f"noise_left_{kind}": 0.0 for kind in ("blend", "gaussian")}, within=0.02)
    shift = 10 ** (-31 / 20)
    near(values, {f"{kind}_mean_error_without": shift for kind in ("blend", "gaussian")}, within=1e-3)
    near(values, {f"{kind}_std_error_without": 0.0 for kind in ("blend", "gaussian")}, within=1e-3)
    for against in ("with", "image"):
        over = values["blend_mean_error_without"] / values[f"blend_mean_error_{against}"]
        assert values[f"mean_error_over_{against}"] == pytest.approx(over)
    errors = {net: values[f"blend_mean_error_{net}"] + values[f"blend_std_error_{net}"] for net in ("with", "without")}
    assert values["statistics_over_with"] == pytest.approx(errors["without"] / errors["with"])


def test_deblurring_gains_what_of_the_blur_is_not_passed_on_in_decibels(monkeypatch: pytest.MonkeyPatch) -> None:
    def share(recipe: Recipe, level: float | None) -> float:
        return 0.25 if "no" in recipe.name else 0.5 if level is None else 0.1

    trial = on_the_way(monkeypatch, share, last=lambda _: 100.0)
    values = measured("batchnorm-does-not-matter-for-deblurring", trial)
    for split in ("training", "held_out"):
        near(
            values, {f"gain_with_{split}": 20 * math.log10(2), f"gain_without_{split}": 20 * math.log10(4)}, within=0.01
        )
        near(values, {f"left_without_over_with_{split}": 0.5})
    # The ladder's nets are compared at a snapshot, at which one of them passes less on; 36 dB add to that.
    assert values["ladder_level"] == 36.0
    near(values, {"ladder_gain_with": 20.0, "ladder_gain_without": 20 * math.log10(4)}, within=1.5)


@pytest.mark.slow
def test_a_code_larger_than_the_image_is_held_against_the_better_of_two_smaller_ones() -> None:
    def share(recipe: Recipe) -> float:
        if "denoiser" not in recipe.name:
            return 0.9
        # 16×16 landscapes of 768 values, of which 256 are a third, and 64 a twelfth.
        return 0.2 if "256" in recipe.name else 0.4 if "64" in recipe.name else 0.3

    values = measured("denoising-needs-no-bottleneck", passing(share))
    near(values, {"overcomplete_ratio": 0.3, "over_undercomplete": 0.3 / 0.2, "over_copier": 0.3 / 0.9})
    near(values, {"a_twelfth": 0.4, "a_third": 0.2, "training_ratio": 0.3, "over_linear": 0.3 / values["linear"]})
    near(values, {"gain": 0.3, "gain_copier": 0.9, "gain_narrow": 0.2})


def test_the_identity_is_held_against_a_net_that_is_not_one_on_held_out_images() -> None:
    def share(recipe: Recipe) -> float:
        return 1.0 if "skips" in recipe.name else 0.8 if "linear" in recipe.name else 0.4

    values = measured("overcomplete-is-not-identity", passing(share, shift=lambda _: 0.01))
    near(values, {"gain": 0.4, "gain_linear_map": 0.8, "gain_skips": 1.0, "gain_untrained": 1.0, "gain_training": 0.4})
    near(values, {"gain_beside_linear_map": 0.4 - 0.8, "gain_beside_axes": 0.4 - values["gain_axes"]})
    near(values, {"psnr": 40.0, "psnr_linear_map": 40.0}, within=0.01)
    # Projections on k of 768 axes pass on k/768 of the noise.
    near(values, {"gain_axes": values["num_axes"] / 768}, within=0.02)


def test_overcomplete_layers_are_wider_than_the_image() -> None:
    config = scenes_mlp(passing(lambda _: 0.0)).model
    assert min(getattr(config, "widths", (0,))) > 3 * 16 * 16


def test_squared_errors_are_held_against_those_of_the_corruption_itself() -> None:
    shares = {"attention": 0.9, "skips": 0.7}
    trial = passing(lambda r: next((share for name, share in shares.items() if name in r.name), 0.2))
    values = measured("perfect-representation-cannot-denoise", trial)
    near(values, {"identity_gaussian": 1.0, "identity_blend": 1.0}, within=0.02)
    near(values, {"attention_gaussian": 0.81, "attention_blend": 0.81, "attention_gain": 0.9, "attention_moved": 0.1})
    near(values, {"skips_gaussian": 0.49, "skips_moved": 0.3, "plain_gaussian": 0.04, "plain_blend": 0.04})


@pytest.mark.parametrize(("kept", "moments"), [(0.0, False), (0.5, False), (0.0, True)])
def test_the_shift_of_a_blend_is_told_from_its_noise(
    kept: float, moments: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        most_of_the_blend_is_a_shift, "with_running_averages", lambda model, train, batch_size: Affine()
    )
    model = Passing(known_splits(SCENES, drawn=DRAWN), share=kept)
    trial = known_trial(lambda _: Affine() if moments else model, drawn=DRAWN)
    values = measured("most-of-the-blend-is-a-shift", trial)
    # In squares, at α = 0.3: 0.49·(x − 0.7)² of the shift beside 0.49·0.2² of the noise.
    x = known_splits(SCENES, drawn=DRAWN).test.images(0, 16)
    shift = float((x - 0.7).square().mean())
    near(values, {"loss_share": shift / (shift + 0.04)})
    if not moments:
        # Whatever share it passes on of both alike, the improvement divides as the loss does.
        near(values, {"improvement_share": shift / (shift + 0.04), "noise_share": 0.04 / (shift + 0.04)}, within=0.01)
        near(values, {"blend_copier": kept, "shift_copier": kept, "shift_averages": 1.0})
        assert values["moments_share"] > 0
    else:
        # The identity takes nothing off, so that nothing has a share of it.
        assert math.isnan(values["moments_share"])


def test_training_is_judged_from_the_first_good_snapshot_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def share(_: Recipe, level: float | None) -> float:
        return 0.3 if level is None else {31.0: 0.6}.get(level, 0.9)

    values = measured("training-trades-the-blend-for-noise", on_the_way(monkeypatch, share))
    near(values, {"psnr_first": 31.0, "psnr_end": 40.0}, within=0.01)
    near(values, {"noise_first": 0.6, "noise_end": 0.3, "noise_end_training": 0.3, "blend_heavy_end": 0.3}, within=0.02)
    near(values, {"noise_after_training": 0.5, "blend_after_training": 0.5}, within=0.02)


def test_the_best_good_snapshot_is_held_against_the_fitted_map(monkeypatch: pytest.MonkeyPatch) -> None:
    def share(_: Recipe, level: float | None) -> float:
        return 0.5 if level is None else {31.0: 0.1, 33.0: 0.3}.get(level, 0.4)

    values = measured("no-copier-beats-a-fitted-filter", on_the_way(monkeypatch, share, last=lambda _: 60.0))
    # The snapshot of 31 dB would be better, and does not count.
    for kind in ("noise", "noise_heavy", "blend"):
        near(values, {f"{kind}_end": 0.5}, within=0.02)
        assert values[f"{kind}_over_fitted"] == pytest.approx(0.3 / values[f"{kind}_fitted"], rel=0.2)
    assert SNAPSHOTS[3] == 33.0


@pytest.mark.slow
def test_faces_are_held_with_skips_against_without_and_alone_against_company() -> None:
    trial = passing(lambda r: 0.7 if "skips" in r.name else 0.2)
    values = measured("faces-are-denoised-too", trial)
    near(values, {"blend_ratio": 0.2, "gaussian_ratio": 0.2, "blend_skips": 0.7, "blend_training": 0.2}, within=0.01)
    near(values, {"gain_difference": 0.5, "gain_skips": 0.7, "blend_alone_over_company": 1.0}, within=0.01)


@pytest.mark.slow
def test_a_copier_stands_among_filters_by_what_they_know() -> None:
    values = measured("copiers-stand-among-filters", passing(lambda _: 0.25))
    for kind in ("blend", "gaussian"):
        near(values, {f"{kind}_ratio": 0.25})
        for name, methods in (("fixed", FIXED), ("set", SET), ("knowing", ("mean image", "linear copier"))):
            best = min(values[f"{kind}_{method.replace(' ', '_')}"] for method in methods)
            assert values[f"{kind}_over_{name}"] == pytest.approx(0.25 / best, rel=0.02)


@pytest.mark.slow
def test_a_copier_is_held_against_the_identity_blur_and_filters_and_shown_beside_a_denoiser() -> None:
    values = measured("overcomplete-denoises", passing(lambda r: 0.5 if "denoiser" in r.name else 0.25))
    near(values, {"blend_light": 0.25, "blend_even": 0.25, "blend_heavy": 0.25, "gaussian_ratio": 0.25})
    for kind in ("blend", "gaussian"):
        near(values, {f"{kind}_denoiser": 0.5, f"{kind}_training": 0.25, f"{kind}_own_error": 0.0})
        assert values[f"{kind}_over_blur"] == pytest.approx(0.25 / values[f"{kind}_matched_blur"], rel=0.02)
        best = min(values[f"{kind}_{name.replace(' ', '_')}"] for name in SET)
        assert values[f"{kind}_over_filters"] == pytest.approx(0.25 / best, rel=0.02)
        # A quarter of the distance is a sixteenth of the squared error: 12 dB.
        near(values, {f"{kind}_psnr": values[f"{kind}_psnr_noisy"] + 12.04}, within=0.05)
    assert set(FILTERS) >= set(SET)
