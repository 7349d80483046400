"""What claims about walks compute, of models whose steps are known: none, the same at each step, or noise alone."""

import pytest

from copyist.claims.nets import scenes
from copyist.metrics.scenes import scene_rules
from copyist.tensors import Images
from copyist.training import Recipe

from .known import Affine, Painter, known_splits, known_trial, measured

SOURCE = scenes(known_trial(lambda _: Affine()))

STEPS, WALKERS, COUNT = 5, 16, 32
"""At scale smoke: steps of a walk, walkers, and pictures of each kind."""


def real(*, start: int = 0, count: int = COUNT) -> Images:
    return known_splits(SOURCE).test.images(start, start + count)


def test_walks_early_in_training_are_held_against_late_ones() -> None:
    # By as much at each step as moves every walker farther than others are apart; late, nothing moves.
    steps = {6: 1.0, 20: 0.01, 60: 0.0}
    trial = known_trial(lambda recipe: Affine(shift=steps[recipe.training.steps]))
    values = measured("training-stills-the-walk", trial)
    assert (values["share_early"], values["share_late"], values["early_minus_late"]) == (1.0, 0.0, 1.0)
    assert (values["still_early"], values["still_usual"], values["still_late"]) == (0.0, 0.0, 1.0)
    assert values["displacement_late"] == 0.0
    # From O(x), which is a step away from x, there are four more.
    assert values["displacement_early"] == pytest.approx(4 * values["last_step_early"], rel=1e-4)
    assert values["displacement_usual"] == pytest.approx(values["displacement_early"] / 100, rel=1e-3)
    assert (values["spread_early"], values["spread_late"]) == pytest.approx((1.0, 1.0), rel=1e-3)


def test_a_walk_without_noise_is_held_against_one_with_it() -> None:
    values = measured("walk-needs-no-noise", known_trial(lambda _: Affine(), lambda _: Affine(shift=1.0)))
    wanted = {"displacement_ratio": 0.0, "motion_ratio": 0.0, "share_without": 0.0, "still_without": 1.0}
    assert {name: values[name] for name in wanted} == wanted
    assert values["share_ratio"] == values["share_without"] / values["share_with"] == 0.0
    assert values["share_untrained"] == 1.0
    assert values["spread_without"] == pytest.approx(1.0)


def test_a_walk_with_noise_in_the_code_is_held_against_noise_in_the_pixels() -> None:
    starts = real(start=COUNT, count=WALKERS)
    values = measured("noisy-walk-explores", known_trial(lambda _: Painter(starts)))
    # The painter forgets the noise, which changes nothing in its pictures, so that no noise is added to pixels either.
    assert values["pixel_sigma"] == 0.0
    assert values["against_pixel_noise"] == pytest.approx(0.0, abs=1e-6)
    assert (values["share"], values["spread"]) == (0.0, pytest.approx(1.0))
    identity = measured("noisy-walk-explores", known_trial(lambda _: Affine()))
    assert identity["pixel_sigma"] == pytest.approx(0.2, rel=0.03)
    # What is copied as it is walks as what is not copied.
    for what in ("share", "spread", "nearness", "distance", "check"):
        assert identity[f"{what}_copied_pixel_noise"] == pytest.approx(identity[f"{what}_pixel_noise"])
    assert identity["distance_no_noise"] == pytest.approx(values["distance"])
    assert identity["against_pixel_noise"] == identity["distance"] - identity["distance_pixel_noise"]
    assert identity["share_no_noise"] == 0.0


def test_walks_of_many_images_are_held_against_walks_of_few() -> None:
    # The model of few paints dark pictures of one color each, which are no landscapes.
    plain = real().mean((2, 3), keepdim=True).expand_as(real()) - 0.3
    trial = known_trial(lambda recipe: Painter(real() if recipe.data == SOURCE else plain))
    values = measured("more-data-walks-coherently", trial)
    few, many = (float(scene_rules(x[:WALKERS]).score.mean()) for x in (plain, real()))
    assert values["score_few"] == pytest.approx(few)
    assert values["score_many"] == pytest.approx(many)
    assert values["score_difference"] == values["score_many"] - values["score_few"] > 0
    assert values["distance_difference"] == values["distance_many"] - values["distance_few"] < 0
    assert values["score_real"] == pytest.approx(float(scene_rules(real()).score.mean()))
    assert values["psnr_many"] == float("inf")


def test_a_walk_passes_as_many_images_as_it_is_nearest_to() -> None:
    train = known_splits(SOURCE).train.images()
    values = measured("walk-passes-training-images", known_trial(lambda _: Painter(train[:WALKERS])))
    # Every walker stands at one training image.
    assert (values["passed"], values["nearness"], values["changes"]) == (1.0, 0.0, pytest.approx(1.0, abs=0.2))
    assert values["training_against_held_out"] == 0.0
    assert values["preference_copies"] == 0.0
    still = measured("walk-passes-training-images", known_trial(lambda _: Affine()))
    assert still["passed_no_noise"] == 1.0
    assert still["preference_copies"] == still["preference_real"]
    assert still["nearness_copies"] == pytest.approx(1.0)


def test_samples_are_held_against_walks_of_the_same_model_and_of_the_others() -> None:
    def model(recipe: Recipe) -> Painter:
        away = 0.3 if "hidden" in recipe.name else 0.1 if recipe.training.steps == 20 else 0.0
        return Painter(real() + away)

    values = measured("samples-resemble-walks", known_trial(model))
    # Samples have the 32 pictures and walks 16 of them twice, which are as far apart for every model.
    apart = values["within"]
    squares = [3 * away**2 for away in (0.2, 0.1, 0.3)]
    assert values["across"] > sum(squares) / 3 * 0.5
    assert values["within_over_across"] == apart / values["across"] < 1.0
    assert values["one_pass_within_over_across"] == pytest.approx(values["within_over_across"], rel=1e-3)
    assert values["samples_to_real"] == pytest.approx(3 * (0.1**2 + 0.3**2) / 3, rel=1e-2)
