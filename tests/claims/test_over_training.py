"""Numbers over training, of nets whose numbers are known at each rung."""

import math

import pytest

from copyist.claims.measures.over_training import PLACES, LearningCurve, common_level, learning_curve, learning_curves
from copyist.claims.nets.ladder import ladder

from .known import Affine, known_rungs


def line() -> LearningCurve:
    """A number that is 1 at 20 dB, 2 at 24 and 6 at 28, after 100, 1000 and 10,000 images."""
    return LearningCurve(psnrs=(20.0, 24.0, 28.0), visits=(100, 1000, 10_000), values=(1.0, 2.0, 6.0))


@pytest.mark.parametrize(("psnr", "value"), [(20.0, 1.0), (22.0, 1.5), (27.0, 5.0), (28.0, 6.0)])
def test_between_two_rungs_a_number_follows_a_straight_line(psnr: float, value: float) -> None:
    assert line().at_psnr(psnr) == pytest.approx(value)


@pytest.mark.parametrize("psnr", [19.9, 28.1])
def test_beyond_its_rungs_nothing_is_known(psnr: float) -> None:
    assert math.isnan(line().at_psnr(psnr))


def test_between_two_counts_of_images_the_line_is_straight_over_their_logarithm() -> None:
    assert line().at_visits(math.sqrt(1000 * 10_000)) == pytest.approx(4.0)


def test_a_figure_has_the_same_places_for_every_net() -> None:
    figure = learning_curves({"a": line()}, title="t", y_label="y")
    values = dict(zip(figure.x, figure.lines["a"], strict=True))
    assert figure.x == PLACES
    assert values[26] == pytest.approx(4.0)
    assert math.isnan(values[29])


def test_a_course_measures_every_rung_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    trial = known_rungs(monkeypatch, lambda _: Affine(scale=0.9), lambda _, level: Affine(scale=level / 100))
    found = learning_curve(trial.rungs(ladder(trial)), lambda model: float(next(model.parameters()).detach()))
    assert found.values == pytest.approx([0.24, 0.28, 0.31, 0.33, 0.36, 0.9])
    assert found.visits[:5] == [24, 28, 31, 33, 36]


@pytest.mark.parametrize(("reached", "level"), [(36.0, 33.0), (28.0, 28.0), (20.0, None)])
def test_nets_are_compared_at_the_highest_snapshot_of_all(
    reached: float, level: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at(recipe: object, psnr: float) -> Affine | None:
        most = reached if "skips" in str(recipe) and "skips=True" in str(recipe) else 33.0
        return Affine() if psnr <= most else None

    trial = known_rungs(monkeypatch, lambda _: Affine(), at)
    assert common_level(trial, ladder(trial), ladder(trial, "skips")) == level
