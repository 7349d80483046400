"""What the claim on outliers computes, of nets that copy everything, or one class alone."""

import re

import pytest
import torch
from torch import Tensor

from copyist.training import Recipe

from .known import Affine, Known, known_splits, known_trial, measured

pytestmark = pytest.mark.slow

NAME = "reconstruction-error-finds-outliers"


class OwnClass(Known):
    """Copies the examples of one class, off by a draw of their own, and turns all others into the class's mean."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        splits = known_splits(recipe.data)
        assert splits.calibration is not None
        parts = (splits.train, splits.calibration, splits.test)
        self.own = torch.cat([part.examples() for part in parts])

    def decode(self, z: Tensor) -> Tensor:
        gaps = torch.cdist(z.flatten(1), self.own.flatten(1), compute_mode="donot_use_mm_for_euclid_dist")
        known = (gaps.min(1).values < 1e-4).view(-1, *[1] * (z.ndim - 1))
        # The error of an example of the class depends on the example alone.
        off = 1e-3 * (1 + z.flatten(1).square().mean(1) % 0.1).view_as(known)
        return torch.where(known, z + off * self.own.std(0), self.own.mean(0))


def normal_class(recipe: Recipe) -> str:
    found = re.search(r"only=(\d)", recipe.data)
    assert found is not None
    return found[1]


def test_a_net_that_copies_everything_flags_nothing() -> None:
    values = measured(NAME, known_trial(lambda _: Affine()))
    for name in ("digits_auroc", "cancer_auroc", "digits_overcomplete"):
        assert values[name] == pytest.approx(0.5, abs=1e-3)
    assert values["found"] == values["far_found"] == values["false_alarms"] == 0
    assert values["digits_against_axes"] == pytest.approx(0.5 - values["digits_axes"], abs=1e-3)


def test_a_net_that_copies_its_class_alone_tells_all_others() -> None:
    values = measured(NAME, known_trial(OwnClass))
    assert min(values["digits_auroc"], values["cancer_auroc"]) > 0.999
    assert values["found"] == values["far_found"] == 1
    assert values["false_alarms"] < 0.2
    assert values["cancer_against_neighbors"] == pytest.approx(values["cancer_auroc"] - values["cancer_neighbors"])


def test_each_net_is_trained_on_a_class_of_its_own() -> None:
    asked: list[Recipe] = []

    def after(recipe: Recipe) -> Affine:
        asked.append(recipe)
        return Affine()

    measured(NAME, known_trial(after))
    assert [normal_class(recipe) for recipe in asked if recipe.name.endswith("alone")] == ["0", "1", "1"]
    splits = known_splits(asked[0].data)
    assert splits.train.labels is not None
    assert set(splits.train.labels.tolist()) == {0}
