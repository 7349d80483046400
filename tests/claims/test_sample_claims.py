"""What claims about samples compute, of models that paint what a test gives them."""

from collections.abc import Callable

import pytest
import torch

from copyist.claims.each import (
    diffusion_without_diffusion,
    gaussian_codes_do_not_decode,
    latents_make_diffusion_cheap,
    trained_diffusion_samples_better,
)
from copyist.claims.measures.distances import scene_distances
from copyist.claims.measures.references import pure_noise, reference_for
from copyist.claims.nets import scenes
from copyist.claims.trial import Trial
from copyist.models import Model
from copyist.models.contracts import TrainedOn
from copyist.procedures.gaussian_codes import GaussianCodes
from copyist.procedures.method import Method
from copyist.procedures.repeated_copying import RepeatedCopying
from copyist.tensors import Images
from copyist.training import Recipe

from .known import Affine, Dreamer, Painter, known_splits, known_trial, measured

SOURCE = scenes(known_trial(lambda _: Affine()))

COUNT = 32
"""Pictures of each kind at scale smoke."""


def real() -> Images:
    """Held-out landscapes, as many as there are pictures of a kind."""
    return known_splits(SOURCE).test.images(0, COUNT)


def gray() -> Images:
    return torch.full((COUNT, 3, 16, 16), 0.5)


def painting(pictures: Callable[[Recipe], Images], untrained: Images | None = None) -> Trial:
    """A trial whose models paint pictures, and whose untrained models paint gray."""

    def painter(recipe: Recipe) -> Model:
        kind = Dreamer if "diffusion" in recipe.name else Painter
        return kind(pictures(recipe))

    return known_trial(painter, lambda _: Painter(gray() if untrained is None else untrained))


def test_samples_of_more_compute_are_held_against_those_of_less(monkeypatch: pytest.MonkeyPatch) -> None:
    def pictures(recipe: Recipe) -> Images:
        x = known_splits(recipe.data).test.images(0, COUNT)
        return 0.5 * x + (0.3 if "batches" in recipe.name else 0.05 if "diffusion" in recipe.name else 0.1)

    trial = painting(pictures, untrained=real() * 0.1)
    before = Painter(0.5 * real() + 0.2)
    before.trained_on = TrainedOn(image_shape=(3, 16, 16))
    monkeypatch.setattr(Trial, "trained", lambda *_, **__: before)
    values = measured("scale-does-not-rescue", trial)
    distances = scene_distances(trial)
    wanted = {name: distances.distance(0.5 * real() + away) for name, away in {"end": 0.1, "before": 0.2}.items()}
    assert values["distance_end"] == pytest.approx(wanted["end"]["axes"])
    assert values["layout_before"] == pytest.approx(wanted["before"]["layout"])
    assert values["longer@axes"] == pytest.approx(wanted["end"]["axes"] / wanted["before"]["axes"])
    assert values["far_from_data@layout"] > 2
    trained = distances.distance(0.5 * real() + 0.05)
    assert values["diffusion_over_end@layout"] == pytest.approx(trained["layout"] / wanted["end"]["layout"])
    assert values["compute_larger"] == 1.0  # half the steps of twice the images, at this scale
    small = scene_distances(trial, "scenes?size=16&limit=32")
    x = known_splits("scenes?size=16&limit=32").test.images(0, 16)
    larger, usual = (small.distance(0.5 * x + away)["axes"] for away in (0.3, 0.1))
    assert values["larger_batches@axes of 16×16"] == pytest.approx(larger / usual)


def test_samples_are_held_against_one_pass_and_against_the_best_blur(monkeypatch: pytest.MonkeyPatch) -> None:
    away = {"one_pass": 0.2, "skips_30": 0.15, "untrained_30": 0.4, "repeated": 0.1, "blur_30": 0.2, "blur_200": 0.2}
    dark = 0.5 * real()

    def brighter(recipe: Recipe) -> Images:
        return dark + (away["skips_30"] if "skips" in recipe.name else 0.02 if "diffusion" in recipe.name else 0.1)

    def blurred(*_: object, blur: float, **__: object) -> Images:
        return dark + blur / 10

    monkeypatch.setattr(diffusion_without_diffusion, "one_pass", lambda *_: dark + away["one_pass"])
    monkeypatch.setattr(diffusion_without_diffusion, "blurred_samples", blurred)
    trial = painting(brighter, untrained=dark + away["untrained_30"])
    values, distances = measured("diffusion-without-diffusion", trial), scene_distances(trial)
    made = distances.distance(dark + 0.1)
    for name, more in away.items():
        other = distances.distance(dark + more)
        parts = [f"distance_over_one_pass_{n}" for n in (30, 200)] if name == "one_pass" else [f"distance_over_{name}"]
        for part in parts:
            for instrument in ("axes", "layout", "appearance"):
                # Of blurs of 0.5, 1, 2 and 3 pixels that of 2 is the best in appearance: neither dark nor bright here.
                wanted = made[instrument] / other[instrument]
                assert values[f"{part}@{instrument}"] == pytest.approx(wanted, rel=1e-4)
    trained = distances.distance(dark + 0.02)
    assert values["way_to_diffusion@axes"] == pytest.approx(made["axes"] / trained["axes"], rel=1e-4)
    assert values["variety"] == pytest.approx(0.5)
    assert values["new"] == pytest.approx(distances.memorization(dark + 0.1).ratio)


def test_samples_that_are_landscapes_count_unless_they_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diffusion_without_diffusion, "one_pass", lambda *_: gray())
    new = measured("diffusion-without-diffusion", painting(lambda _: 0.99 * real()))
    assert new["kept_over_one_pass_30@rules"] == pytest.approx((32.5 / 0.5) ** 2)
    assert new["coverage_over_one_pass_30@appearance"] == pytest.approx((32.5 / 33) / new["coverage_one_pass"])
    old = measured(
        "diffusion-without-diffusion", painting(lambda _: 0.99 * known_splits(SOURCE).train.images(0, COUNT))
    )
    assert old["kept_samples_200"] == 1.0
    assert old["kept_over_one_pass_200@rules"] == pytest.approx(1.0)
    assert old["new"] < 0.1


def test_diffusion_is_held_against_a_copier_of_as_long_a_training(monkeypatch: pytest.MonkeyPatch) -> None:
    away = {
        "ladder-diffusion": 0.02,
        "short-copier": 0.25,
        "ladder-denoiser": 0.3,
        "ladder-variational": 0.35,
        "short-diffusion": 0.15,
        "short-latent-diffusion": 0.05,
    }
    kept = 0.99 * real()
    # What a model paints is what is drawn of it, darker by other methods of copying alone.
    darker: dict[type[Method], float] = {RepeatedCopying: 0.1, GaussianCodes: 0.2}

    def drawn(model: Dreamer, method: Method, *_: object) -> Images:
        return model.images - darker.get(type(method), 0.0)

    monkeypatch.setattr(trained_diffusion_samples_better, "drawn", drawn)
    monkeypatch.setattr(trained_diffusion_samples_better, "multiplications", lambda *_: 0.0)
    monkeypatch.setattr(trained_diffusion_samples_better, "sampling_memory", lambda *_, **__: 0.0)
    trial = painting(lambda recipe: kept if recipe.name == "ladder" else 0.5 * real() + away[recipe.name])
    values, distances = measured("trained-diffusion-samples-better", trial), scene_distances(trial)
    of = {name: distances.distance(0.5 * real() + each) for name, each in away.items()}
    for instrument in ("axes", "layout"):
        for part, upper, lower in (
            ("distance_long", of["ladder-diffusion"], distances.distance(kept)),
            ("distance_over_repeated", of["ladder-diffusion"], distances.distance(kept - 0.1)),
            ("distance_over_codes", of["ladder-diffusion"], distances.distance(kept - 0.2)),
            ("distance_short", of["short-diffusion"], of["short-copier"]),
            ("latent_short", of["short-latent-diffusion"], of["short-diffusion"]),
        ):
            assert values[f"{part}@{instrument}"] == pytest.approx(upper[instrument] / lower[instrument], rel=1e-4)
    fresh = 32 * values["kept_diffusion"]
    assert values["kept_copier"] == 1 > values["kept_diffusion"]
    assert values["kept_long@rules"] == pytest.approx((fresh + 0.5) / (32.5 - fresh) / (32.5 / 0.5))
    assert values["new"] == pytest.approx(distances.memorization(0.5 * real() + 0.02).ratio)
    assert values["distance_short_vae"] == pytest.approx(of["ladder-variational"]["axes"])
    assert values["distance_short_walkback"] == pytest.approx(of["ladder-denoiser"]["axes"])
    short = distances.distance(0.5 * real() + away["short-copier"] - 0.1)
    assert values["distance_short_repeated"] == pytest.approx(short["axes"], rel=1e-4)
    assert values["parameters_copier"] == values["multiplications_diffusion"] == 0


def test_codes_are_as_near_as_pixels_in_less_time_by_more_at_higher_resolutions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of = latents_make_diffusion_cheap

    def pictures(recipe: Recipe) -> Images:
        x = known_splits(recipe.data).test.images(0, COUNT)
        kind, _, side = recipe.name.removesuffix("-short").partition("-diffusion-")
        # How far they are: of pixels 0.04 at last, of codes less at the two higher resolutions and more at the lowest.
        away = 0.04 if kind == "pixel" else {"32": 0.08, "64": 0.03, "128": 0.01}[side]
        return x + (4 * away if recipe.name.endswith("-short") else away)

    monkeypatch.setattr(of, "drawn", lambda model, *_: model.images)
    monkeypatch.setattr(of, "_first_stage", lambda _: Affine(shift=0.01))
    bright: dict[bool, float] = {}

    def cost(model: Dreamer, *_: object) -> float:
        """Of pixels 8, of codes 2; codes of 128x128 are painted nearer to the landscapes, and so darker."""
        return 8.0 if float(model.images.mean()) > bright[True] else 2.0

    largest = known_splits(of.landscapes(known_trial(lambda _: Affine()), 128)).test.images(0, COUNT)
    bright[True] = float(largest.mean()) + 0.02
    monkeypatch.setattr(of, "multiplications", cost)
    monkeypatch.setattr(of, "_held", lambda model, _: 3 * cost(model))
    trial = painting(pictures)
    values = measured("latents-make-diffusion-cheap", trial)
    assert values["multiplications_128"] == values["memory_128"] == 2 / 8
    lowest, middle, highest = (values[f"equal_distance_{side}@axes at {side}"] for side in (32, 64, 128))
    assert lowest > 1 > middle > highest == 0.25
    assert values["grows_with_resolution@axes at every resolution"] == pytest.approx(highest / lowest)
    assert values["distance_pixels_short_64"] > values["distance_pixels_long_64"] > values["distance_codes_long_64"]
    # What is enlarged lost its details: twice the side of the smallest is the next, four times the largest.
    enlarged = values["distance_codes_long_128"] / values["distance_enlarged_128"]
    assert values["beyond_enlarging@axes at 128"] == pytest.approx(enlarged)
    assert {"axes at 64", "layout at every resolution"} <= set(trial.instruments)


def test_plain_copies_are_held_against_the_schedule() -> None:
    trial = known_trial(lambda _: Affine(shift=-0.05))
    values = measured("plain-copies-do-as-well", trial)
    noise = pure_noise(reference_for(trial), trial)
    # Five copies at this scale, each darker by as much.
    distances = scene_distances(trial)
    plain, once = (distances.distance(noise - 0.05 * times)["axes"] for times in (5, 1))
    assert values["distance_plain"] == pytest.approx(plain, rel=1e-4)
    assert values["distance_plain_over_one_pass@axes"] == pytest.approx(plain / once, rel=1e-4)
    scheduled = values["distance_plain"] / values["distance_schedule"]
    assert values["distance_plain_over_schedule@axes"] == pytest.approx(scheduled)
    assert values["coverage_plain_over_schedule@appearance"] == values["coverage_plain"] / values["coverage_schedule"]


def test_decoded_noise_is_held_against_what_else_the_model_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        gaussian_codes_do_not_decode, "_variational", lambda *_: {"vae": 0.9 * real(), "vae_copies": 0.9 * real()}
    )
    # Its code is the picture: N(0, I) decodes to noise, and a walk stays near the images it began with.
    trial = known_trial(lambda _: Affine())
    values, distances = measured("gaussian-codes-do-not-decode", trial), scene_distances(trial)
    assert values["against_vae@layout"] == pytest.approx(
        values["layout_standard"] / distances.distance(0.9 * real())["layout"]
    )
    assert values["far@axes"] == pytest.approx(
        values["distance_standard"] / (sum(distances.floors["axes"]) / len(distances.floors["axes"]))
    )
    assert values["far@axes"] > 10
    assert values["against_walk@axes"] == values["distance_standard"] / values["distance_walk"] > 1
    assert values["against_correlated@axes"] > 1
    assert (values["kept@rules"], values["units_per_value"]) == (pytest.approx(0.5 / 33), 1.0)
    x = known_splits(SOURCE).train.images()
    assert values["code_mean"] == pytest.approx(float(x.mean(0).square().mean().sqrt()))
    assert trial.instruments["axes"].values["decoded"] != pytest.approx(values["distance_standard"])
