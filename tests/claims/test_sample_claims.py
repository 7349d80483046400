"""What claims about samples compute, of models that paint what a test gives them.

Distances of distributions are on paper too, since the classifier's features are the mean of each channel: pictures that
are brighter by c in each of three channels are at a squared distance of 3c².
"""

import math
from collections.abc import Callable

import pytest
import torch

from copyist.claims.each import diffusion_without_diffusion, receptive_field_limits_order
from copyist.claims.nets import scenes
from copyist.claims.trial import Trial
from copyist.metrics.scenes import scene_rules
from copyist.models.unet import UNetConfig
from copyist.tensors import Images
from copyist.training import Recipe

from .known import Affine, Painter, known_splits, known_trial, measured

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
    return known_trial(
        lambda recipe: Painter(pictures(recipe)), lambda _: Painter(gray() if untrained is None else untrained)
    )


def order(x: Images) -> float:
    """The mean grade of the rules of landscapes."""
    return float(scene_rules(x).score.mean())


def test_the_deeper_net_is_held_against_the_wide_one_without_its_level() -> None:
    values = measured(
        "depth-adds-coherence", painting(lambda recipe: real() if recipe.name == "scenes-unet-wide-deep" else gray())
    )
    assert values["order"] == values["score_deep"] - values["score_wide"] == pytest.approx(order(real()))
    assert values["variety"] == pytest.approx(1.0)
    assert (values["gray_wide"], values["gray_deep"], values["gray_usual_deep"]) == (1.0, 0.0, 1.0)


def test_the_wide_net_is_held_against_the_usual_one() -> None:
    halved, longer = 0.5 * real(), 0.8 * real()

    def pictures(recipe: Recipe) -> Images:
        return real() if "wide" in recipe.name else longer if recipe.training.steps == 40 else halved

    values = measured("width-adds-detail", painting(pictures))
    # Half of the contrast has a quarter of the energy in every frequency.
    assert values["detail"] == pytest.approx(4.0, rel=1e-3)
    assert values["artifacts_usual"] == pytest.approx(math.log(4), rel=0.05)
    assert values["artifacts"] == pytest.approx(values["artifacts_wide"] - values["artifacts_usual"])
    assert values["artifacts"] < 0 < values["artifacts_longer"] < values["artifacts_usual"]
    assert values["noise"] == pytest.approx(values["noise_wide"] - values["noise_usual"])
    assert values["noise"] > 0
    assert values["order"] == values["score_wide"] - values["score_usual"]
    assert values["score_wide"] == pytest.approx(order(real()))


def test_layers_that_join_all_positions_are_held_against_nets_trained_alike_without_them() -> None:
    def pictures(recipe: Recipe) -> Images:
        orderly = "hidden" in recipe.name or recipe.name.endswith("attention")
        return real() if orderly else gray()

    values = measured("unrestricted-layers-add-coherence", painting(pictures))
    wanted = {"hidden_order": order(real()), "attention_order": order(real())}
    assert {name: values[name] for name in wanted} == pytest.approx(wanted)
    assert (values["hidden_variety"], values["attention_variety"]) == pytest.approx((1.0, 1.0))
    assert (values["score_hidden_untrained"], values["score_brief"], values["score_longer"]) == (0.0, 0.0, 0.0)


def test_samples_of_more_compute_are_held_against_the_usual_ones() -> None:
    def brighter(recipe: Recipe) -> Images:
        steps, name = recipe.training.steps, recipe.name
        away = 0.1 if "wide" in name else 0.3 if "128" in name else {40: 0.05, 20: 0.2}.get(steps, 0.4)
        return real() + away

    values = measured("scale-does-not-rescue", painting(brighter, untrained=real() + 0.5))
    squares = {"usual": 3 * 0.2**2, "shortest": 3 * 0.4**2, "untrained": 3 * 0.5**2, "one_pass": 3 * 0.2**2}
    assert {name: values[name] for name in squares} == pytest.approx(squares, rel=1e-3)
    ratios = {"longer": 0.05**2 / 0.2**2, "wider": 0.1**2 / 0.2**2, "larger_batches": 0.3**2 / 0.2**2}
    assert {name: values[name] for name in ratios} == pytest.approx(ratios, rel=1e-3)
    assert values["far_from_data"] == pytest.approx(3 * 0.05**2 / values["real"], rel=1e-3)
    assert values["psnr_usual"] == pytest.approx(-20 * math.log10(0.2), abs=0.01)
    assert values["psnr_shortest"] == pytest.approx(-20 * math.log10(0.4), abs=0.01)


def test_samples_are_held_against_one_pass_and_against_the_best_blur(monkeypatch: pytest.MonkeyPatch) -> None:
    def brighter(recipe: Recipe) -> Images:
        return real() + (0.3 if "skips" in recipe.name else 0.1)

    def blurred(*_: object, blur: float, **__: object) -> Images:
        return real() + blur / 10

    monkeypatch.setattr(diffusion_without_diffusion, "one_pass", lambda *_: real() + 0.2)
    monkeypatch.setattr(diffusion_without_diffusion, "blurred_samples", blurred)
    values = measured("diffusion-without-diffusion", painting(brighter, untrained=real() + 0.5))
    for steps in (30, 200):
        distances = {f"distance_{steps}": 0.1, f"untrained_{steps}": 0.5, f"skips_{steps}": 0.3}
        assert {name: values[name] for name in distances} == pytest.approx(
            {name: 3 * away**2 for name, away in distances.items()}, rel=1e-3
        )
        assert values[f"against_one_pass_{steps}"] == pytest.approx(3 * (0.1**2 - 0.2**2), rel=1e-3)
        # The least blur, of 0.8 pixels, is the best.
        assert values[f"against_blur_{steps}"] == pytest.approx(3 * (0.1**2 - 0.08**2), rel=1e-3)
    assert values["variety"] == pytest.approx(1.0)
    assert values["score_real"] == pytest.approx(order(real()))
    assert values["distance_copies"] == pytest.approx(3 * 0.1**2, rel=1e-3)


def test_order_and_reach_of_the_deepest_net_are_held_against_those_of_the_shallowest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def model(recipe: Recipe) -> Affine | Painter:
        # The shallowest net and the one of the middle have as many levels at this scale.
        return Painter(gray()[:16]) if "shallow" in recipe.name else Painter(real()[:16])

    def reach(_: Trial, config: UNetConfig, x: Images) -> tuple[float, float]:
        return config.levels / 10, float(config.levels)

    monkeypatch.setattr(receptive_field_limits_order, "_reach", reach)
    values = measured("receptive-field-limits-order", known_trial(model))
    rules = scene_rules(real()[:16])
    wanted = float((rules.order * rules.not_gray).mean())
    assert values["order_real"] == pytest.approx(wanted)
    assert values["order_difference"] == values["order_deep"] - values["order_shallow"] == pytest.approx(wanted)
    assert (values["share_shallow"], values["share_difference"]) == pytest.approx((0.2, 0.1))
    assert (values["extent_shallow"], values["extent_deep"]) == (2.0, 3.0)
    assert values["spread_shallow"] == pytest.approx(0.0, abs=1e-6)
