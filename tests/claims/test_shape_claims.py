"""What claims about a net's shape compute, of models that paint what a test gives them, or copy a share of it."""

import math
from collections.abc import Callable

import pytest
from torch import Tensor

from copyist.claims.each import mse_need_not_blur
from copyist.claims.nets.shapes import shape
from copyist.claims.trial import Trial
from copyist.tensors import Images
from copyist.training import Recipe

from .known import Affine, Painter, known_splits, known_trial, measured

SOURCE = shape(known_trial(lambda _: Affine())).data

COUNT = 32
"""Pictures of each kind at scale smoke."""

ALL, NONE = 32.5 / 0.5, 0.5 / 32.5
"""Odds where all 32 pictures keep the rules, or none does."""


def real() -> Images:
    """Held-out landscapes, as many as there are pictures of a kind."""
    return known_splits(SOURCE).test.images(0, COUNT)


def upside_down() -> Images:
    """Pictures that keep no rule, and are not gray."""
    return real().flip(-2)


def painting(pictures: Callable[[Recipe], Images]) -> Trial:
    """A trial whose models paint small landscapes that a test chooses, and upside down all others'."""
    return known_trial(
        lambda recipe: Painter(pictures(recipe) if recipe.data == SOURCE else known_splits(recipe.data).test.images()),
        lambda _: Painter(upside_down()),
    )


def test_detail_artifacts_and_order_of_the_wide_net_are_held_against_the_usual_ones() -> None:
    def pictures(recipe: Recipe) -> Images:
        return 2 * upside_down() if "wide" in recipe.name else (0.9 if "shape" in recipe.name else 4) * real()

    values = measured("width-adds-detail", painting(pictures))
    # Twice the contrast has four times the energy in every frequency.
    assert values["detail"] == values["detail_alike"] == pytest.approx(4 / 0.81, rel=1e-3)
    assert values["detail_beyond_visits"] == pytest.approx(4 / 16, rel=1e-3)
    assert values["artifacts_wide"] == pytest.approx(math.log(4), rel=1e-3)
    assert values["artifacts_usual"] == pytest.approx(-math.log(0.81), rel=1e-3)
    assert values["artifacts"] == values["artifacts_wide"] / values["artifacts_usual"]
    assert values["noise"] == values["noise_wide"] - values["noise_usual"] > 0
    kept = {name: COUNT * values[f"coherent_{name}"] for name in ("wide", "usual")}
    odds = {name: (number + 0.5) / (COUNT - number + 0.5) for name, number in kept.items()}
    assert odds["wide"] < 0.2 < 5 < odds["usual"]
    assert values["order@rules"] == values["order_alike@rules"] == pytest.approx(odds["wide"] / odds["usual"])


def test_the_deeper_wide_net_is_held_against_the_one_of_a_level_less() -> None:
    def pictures(recipe: Recipe) -> Images:
        return real() if recipe.name in ("shape-2-times-as-wide", "shape") else upside_down()

    values = measured("depth-adds-coherence", painting(pictures))
    assert values["order@rules"] == values["order_alike@rules"] == pytest.approx(ALL / NONE)
    assert values["where_all_is_joined@rules"] == pytest.approx(NONE / ALL)
    assert (values["share"], values["variety"]) == (32.5 / 33, pytest.approx(1.0))
    assert values["ladder_order"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("joined", "hidden", "attention"), [("hidden", ALL / NONE, 1.0), ("attention", 1.0, ALL / NONE)]
)
def test_each_layer_that_joins_all_positions_is_held_against_the_net_without(
    joined: str, hidden: float, attention: float
) -> None:
    values = measured(
        "unrestricted-layers-add-coherence",
        painting(lambda recipe: real() if joined in recipe.name else upside_down()),
    )
    found = {name: values[f"{name}@rules"] for name in ("order_hidden", "order_attention")}
    assert found == pytest.approx({"order_hidden": hidden, "order_attention": attention})
    assert values["alike_hidden@rules"] == values["order_hidden@rules"]
    assert values["alike_attention@rules"] == values["order_attention@rules"]
    assert (values["variety_hidden"], values["coherent_untrained"]) == (pytest.approx(1.0), 0.0)


def test_order_of_three_levels_is_held_against_two_and_corners_are_reached_as_on_paper() -> None:
    values = measured(
        "receptive-field-limits-order",
        painting(lambda recipe: real() if recipe.name == "shape" else upside_down()),
    )
    assert values["order@rules"] == values["order_alike@rules"] == pytest.approx(ALL / NONE)
    # Two convolutions reach 2 pixels; two there and back, with two between them of half the pixels, reach 9.
    assert (values["reach_1"], values["extent_1"]) == (3**2 / 16**2, 2)
    assert (values["corner_reach"], values["extent_2"]) == (10**2 / 16**2, 9)
    assert (values["corner_reach_deep"], values["extent_3"]) == (1.0, 15)


def test_detail_is_that_of_the_copies_on_the_scenes_own(monkeypatch: pytest.MonkeyPatch) -> None:
    # A copy of a share of the contrast has the square of it in every frequency, and misses the square of the rest.
    scales = {"shape-0.125-times-as-wide": 0.5, "shape-2-times-as-wide": 0.7, "shape-variational": 0.6}
    scales["small-ladder-of-2048-10000-steps"] = 0.9

    def drawn(_: object, count: int, trial: Trial, *, with_noise: bool = False) -> Tensor:
        return (0.3 if with_noise else 0.4) * trial.splits(SOURCE).test.images(0, count)

    monkeypatch.setattr(mse_need_not_blur, "_samples", drawn)
    values = measured("mse-need-not-blur", known_trial(lambda recipe: Affine(scale=scales.get(recipe.name, 0.8))))
    wanted = {
        "small_detail": 0.25, "large_detail": 0.81, "large_missed": 0.01, "detail_by_size": 0.49 / 0.25,
        "widest_missed": 0.09,
        "small_missed": 0.25, "usual_detail": 0.64, "ladder_detail": 0.64, "ladder_missed": 0.04,
        "vae_detail": 0.16, "vae_detail_with_noise": 0.09, "vae_copies_detail": 0.36, "vae_against_copies": 0.25,
        "large_detail_training": 0.81, "large_missed_training": 0.01,
    }  # fmt: skip
    assert {name: values[name] for name in wanted} == pytest.approx(wanted, abs=1e-4)
