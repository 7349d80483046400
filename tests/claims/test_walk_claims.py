"""What claims about walks compute, of models whose steps are known: none, the same at each step, or noise alone."""

from collections.abc import Callable
from typing import final

import pytest
import torch
from torch import Tensor

from copyist.claims.nets import scenes
from copyist.claims.result import NetRecord
from copyist.claims.trial import Rung, Trial
from copyist.metrics.neighbors import nearest
from copyist.metrics.scenes import scene_rules
from copyist.models import Model
from copyist.tensors import Images
from copyist.training import Recipe

from .known import Affine, Known, Painter, known_splits, known_trial, measured

SOURCE = scenes(known_trial(lambda _: Affine()))

STEPS, WINDOW, WALKERS, COUNT = 6, 2, 16, 32
"""At scale smoke: steps of a walk and of a window, walkers, and pictures of each kind."""

NONE, ALL = 0.5 / 16.5, 16.5 / 0.5
"""Odds of none and of all of sixteen."""


@final
class Attracting(Known):
    """What is near one of some images becomes that image, or the one after it; all else becomes brighter by 1."""

    def __init__(self, images: Images, *, radius: float, onward: int = 0) -> None:
        super().__init__()
        self.images, self.radius, self.onward = images, radius, onward

    def decode(self, z: Tensor) -> Tensor:
        found = nearest(z, self.images)
        near = (found.distance < self.radius)[:, None, None, None]
        return torch.where(near, self.images[(found.index + self.onward) % len(self.images)], z + 1)


def real(*, start: int = 0, count: int = COUNT) -> Images:
    return known_splits(SOURCE).test.images(start, start + count)


def train(source: str = SOURCE) -> Images:
    return known_splits(source).train.images()


def climbing(monkeypatch: pytest.MonkeyPatch, rungs: Callable[[Recipe], dict[float | None, Model]]) -> Trial:
    """A trial whose nets have these snapshots."""

    def found(_: Trial, recipe: Recipe) -> list[Rung]:
        record = NetRecord(
            name="known", judged=False, psnr=30.0, psnr_training=40.0, code_ratio=1.0, visits=100, seconds=1.0
        )
        return [Rung(level=level, model=model, record=record) for level, model in rungs(recipe).items()]

    monkeypatch.setattr(Trial, "rungs", found)
    return known_trial(lambda _: Affine())


def test_walks_early_in_training_are_held_against_late_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    # Early everything goes a step that is longer than others are apart; late, what was trained on stays.
    def rungs(recipe: Recipe) -> dict[float | None, Model]:
        return {24.0: Affine(shift=1.0), None: Attracting(train(recipe.data), radius=1e-3)}

    values = measured("training-stills-the-walk", climbing(monkeypatch, rungs))
    for count in (64, 256):
        assert (values[f"share_training_{count}_early"], values[f"share_training_{count}_late"]) == (1.0, 0.0)
        assert values[f"odds_{count}"] == pytest.approx(NONE / ALL)
        assert values[f"share_held_out_{count}_late"] == 1.0
        assert values[f"training_over_held_out_{count}"] == pytest.approx(NONE / ALL)
        assert values[f"at_rest_training_{count}_late"] == 1.0
        assert values[f"spread_{count}"] == pytest.approx(1.0, rel=1e-3)
        # Two steps in a window, and five from O(x), which is a step away from x, to the end.
        net, displacement = (values[f"{name}_training_{count}_early"] for name in ("net", "displacement"))
        assert net == pytest.approx(displacement * WINDOW / (STEPS - 1), rel=1e-3)
    assert (values["standard_training_24"], values["standard_training_end"]) == (1.0, 0.0)
    assert values["standard_held_out_end"] == 1.0
    assert values["standard_training_31"] != values["standard_training_31"]


def test_a_walk_without_noise_is_held_against_one_with_it() -> None:
    values = measured("walk-needs-no-noise", known_trial(lambda _: Affine(), lambda _: Affine(shift=1.0)))
    wanted = {"net": 0.0, "net_over_with": 0.0, "net_over_pixels": 0.0, "at_rest_without": 1.0, "share_untrained": 1.0}
    assert {name: values[name] for name in wanted} == wanted
    assert values["share"] == pytest.approx(0.5 / 17)
    assert values["spread"] == pytest.approx(1.0)
    drift = measured("walk-needs-no-noise", known_trial(lambda _: Affine(shift=0.4), lambda _: Affine()))
    apart = torch.pdist(train()[:WALKERS].flatten(1)).quantile(0.5)
    assert drift["net"] == pytest.approx(float(WINDOW * 0.4 * 768**0.5 / (apart / 2)), rel=1e-4)
    assert drift["share"] == pytest.approx(16.5 / 17)
    assert 0.5 < drift["net_over_with"] < 1.0
    assert drift["net_over_with"] == pytest.approx(drift["net_over_pixels"], rel=0.05)


def test_a_walk_with_noise_in_the_code_is_held_against_noise_in_the_pixels() -> None:
    identity = measured("noisy-walk-explores", known_trial(lambda _: Affine()))
    assert identity["pixel_sigma"] == pytest.approx(0.2, rel=0.03)
    # What is copied as it is walks as what is not copied.
    for what in ("share", "spread", "net", "distance", "layout", "coverage", "kept", "remembered"):
        assert identity[f"{what}_copied_pixel_noise"] == pytest.approx(identity[f"{what}_pixel_noise"])
    assert identity["against_pixel_noise@axes"] == identity["distance_walk"] / identity["distance_pixel_noise"]
    assert identity["against_pixel_noise@layout"] == identity["layout_walk"] / identity["layout_pixel_noise"]
    assert (identity["share_no_noise"], identity["remembered_no_noise"]) == (0.0, 0.0)
    assert identity["kept_no_noise"] == 1.0
    assert identity["coverage_over_no_noise@appearance"] == pytest.approx(
        identity["coverage_walk"] / identity["coverage_no_noise"]
    )
    # A painter forgets the noise: none is added to pixels, and no walker leaves its copy.
    values = measured("noisy-walk-explores", known_trial(lambda _: Painter(real(count=WALKERS))))
    assert values["pixel_sigma"] == 0.0
    assert (values["share"], values["share_walk"]) == (pytest.approx(0.5 / 17), 0.0)
    assert values["kept@rules"] == pytest.approx(32.5 / 33)


def test_walks_of_many_images_are_held_against_walks_of_few() -> None:
    # The model of few paints pictures of one color each, which are no landscapes.
    plain = real().mean((2, 3), keepdim=True).expand_as(real())
    trial = known_trial(lambda recipe: Painter(plain if recipe.name.endswith("-32") else real()))
    values = measured("more-data-walks-coherently", trial)
    # At scale smoke both have 32 to train on, and sets of half as many.
    kept = int(scene_rules(real(count=WALKERS)).coherent.sum())
    assert (values["kept_many"], values["kept_few"]) == (kept / WALKERS, 0.0)
    assert values["kept_many_over_few@rules"] == pytest.approx((kept + 0.5) / (WALKERS - kept + 0.5) / NONE)
    assert values["distance_many_over_few@axes"] == values["distance_many"] / values["distance_few"] < 1
    # Single copies are as coherent here as what is walked to.
    assert values["kept_over_copies@rules"] == pytest.approx(1.0)
    assert values["psnr_held_out_many"] == float("inf")


def test_walkers_that_stay_at_training_images_do_not_speak_for_the_model_of_few() -> None:
    trial = known_trial(lambda recipe: Painter(train(recipe.data)[:WALKERS] if recipe.name.endswith("-32") else real()))
    values = measured("more-data-walks-coherently", trial)
    kept = int(scene_rules(real(count=WALKERS)).coherent.sum())
    assert (values["kept_few"], values["new_few"], values["new_many"]) == (1.0, 0.0, 1.0)
    assert values["kept_many_over_few@rules"] == pytest.approx((kept + 0.5) / (WALKERS - kept + 0.5))
    assert values["kept_of_all@rules"] <= 1.0


def test_a_walk_passes_as_many_images_as_it_comes_near_to() -> None:
    stepping = known_trial(lambda recipe: Attracting(train(recipe.data), radius=0.5, onward=1))
    values = measured("walk-passes-training-images", stepping)
    assert values["passed_walk"] == STEPS + 1
    assert (values["two_walk"], values["passes"]) == (1.0, pytest.approx(16.5 / 17))
    still = measured("walk-passes-training-images", known_trial(lambda _: Painter(train()[:WALKERS])))
    # Every walker stands where it began.
    assert (still["passed_walk"], still["two_walk"]) == (1.0, 0.0)
    assert still["passes"] == pytest.approx(0.5 / 17)


def test_a_net_that_knows_images_by_heart_is_nearer_to_them_than_to_others() -> None:
    known = measured("walk-passes-training-images", known_trial(lambda r: Painter(train(r.data)[-WALKERS:])))
    assert (known["nearness"], known["preference"]) == (0.0, 0.0)
    new = measured("walk-passes-training-images", known_trial(lambda _: Painter(real(count=WALKERS))))
    assert new["nearness"] > 1e3
    identity = measured("walk-passes-training-images", known_trial(lambda _: Affine()))
    assert identity["preference_copies"] == pytest.approx(1.0, rel=0.3)
    assert identity["small_copies"] == identity["small_real"]


def test_training_images_are_recalled_from_within_their_basins_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def rungs(recipe: Recipe) -> dict[float | None, Model]:
        return {24.0: Affine(), None: Attracting(train(recipe.data), radius=0.3)}

    values = measured("training-images-attract", climbing(monkeypatch, rungs))
    for count in (32, 64):
        found = [values[f"training_{count}_{name}"] for name in ("from_0", "from_05", "from_10", "from_20", "from_40")]
        assert found == [1.0, 1.0, 1.0, 1.0, 0.0]
        assert values[f"mixed_{count}_from_20"] == 1.0
        assert (values[f"held_out_{count}_from_20"], values[f"identity_{count}"]) == (0.0, 0.0)
        assert values[f"stays_{count}"] == values[f"recalled_{count}"] == pytest.approx(32.5 / 33)
        assert values[f"training_over_held_out_{count}"] == pytest.approx((32.5 / 0.5) ** 2)
        # The identity brings nothing back.
        assert values[f"late_over_early_{count}"] == pytest.approx((32.5 / 0.5) ** 2)
        assert values[f"captured_{count}"] > 0.5


def test_samples_are_held_against_walks_of_the_same_model_and_of_the_others() -> None:
    away = {"ladder": 0.0, "ladder-hidden": 0.3, "ladder-deep": 0.1, "ladder-per-image": 0.2}
    dark = real() * 0.5
    values = measured("samples-resemble-walks", known_trial(lambda recipe: Painter(dark + away[recipe.name])))
    # Samples have the 32 pictures and walks 16 of them twice, which are as far apart for every model.
    assert values["axes_within"] < values["axes_across"]
    assert values["within_over_across@axes"] == pytest.approx(values["axes_within"] / values["axes_across"])
    assert values["within_over_across@layout"] == pytest.approx(values["layout_within"] / values["layout_across"])
    # One pass paints what samples are.
    assert values["over_one_pass@axes"] == pytest.approx(1.0)
    assert values["foretold_within_over_across"] == pytest.approx(0.0, abs=1e-3)
    assert values["foretold_across"] > 0
