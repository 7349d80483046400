"""What claims about samples compute, of models that paint what a test gives them.

Distances of distributions are on paper too, since the classifier's features are the mean of each channel: pictures that
are brighter by c in each of three channels are at a squared distance of 3c².
"""

import math
from collections.abc import Callable

import pytest
import torch

from copyist.claims.each import diffusion_without_diffusion
from copyist.claims.nets import scenes
from copyist.claims.trial import Trial
from copyist.metrics.scenes import scene_rules
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
