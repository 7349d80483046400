"""Codes as features beside what needs no training, whose accuracies are known where the data are made for it."""

from dataclasses import replace

import numpy as np
import pytest

from contracts import CONFIGS, built
from copyist.data import open_source
from copyist.data.examples import ExampleSet
from copyist.data.splits import Splits
from copyist.errors import ShapeError
from copyist.evaluation.probe_table import probe_table
from copyist.models import MLPConfig, Model
from copyist.procedures import probe

DIGITS = open_source("digits?limit=300")
UNLABELED = Splits(train=replace(DIGITS.train, labels=None), test=replace(DIGITS.test, labels=None))


def rows_of_two_classes(*, noise: float, seed: int) -> ExampleSet:
    """Rows whose first column tells the class, beside three columns of noise of that size."""
    rng = np.random.default_rng(seed)
    names = rng.integers(0, 2, 400)
    values = np.concatenate([3.0 * names[:, None] + rng.normal(size=(400, 1)), noise * rng.normal(size=(400, 3))], 1)
    return ExampleSet(
        source="t",
        array=values.astype(np.float32),
        names=("",) * 400,
        labels=names,
        columns=("a", "b", "c", "d"),
        fingerprint="0",
    )


def linear_model(rows: ExampleSet) -> Model:
    """A code that is an invertible linear map of the row in standard deviations."""
    model = built(MLPConfig(num_columns=4, widths=(4,), activation="identity"))
    model.measured_on(rows.examples())
    model.trained_on = replace(model.trained_on, columns=rows.columns)
    return model


def test_the_table_stands_beside_random_weights_pixels_and_their_axes() -> None:
    model = built(MLPConfig(image_shape=(1, 8, 8), widths=(9,)), seed=3)
    skips = built(replace(CONFIGS["unet-skips"], channels=1))
    found = probe_table({"mlp": model, "skips": skips}, DIGITS, num_images=20)
    table = found.accuracies
    assert list(table) == ["mlp", "mlp, random weights", "pixels", "64 principal components"]
    assert table["mlp"] == probe(model, DIGITS, num_images=20)
    lines = found.text().splitlines()
    assert lines[0].split("  ")[0] == "classes found from"
    assert lines[3].split() == [
        "pixels",
        f"{100 * table['pixels'].linear:.1f}",
        "%",
        f"{100 * table['pixels'].neighbors:.1f}",
        "%",
    ]
    assert probe_table({"skips": skips}, DIGITS, num_images=20).accuracies == {}
    assert probe_table({"mlp": model}, UNLABELED, num_images=5).accuracies == {}


def test_random_weights_see_a_table_in_the_units_that_the_trained_ones_see() -> None:
    accuracies = []
    for noise in (0.5, 50_000.0):
        train = rows_of_two_classes(noise=noise, seed=0)
        splits = Splits(train=train, test=rows_of_two_classes(noise=noise, seed=1))
        table = probe_table({"mine": linear_model(train)}, splits, num_images=400).accuracies
        accuracies.append(table["mine, random weights"])
    # Handed raw columns, neighbors among those in ten thousands would say nothing of the class.
    assert accuracies[1].neighbors == pytest.approx(accuracies[0].neighbors, abs=0.01)
    assert accuracies[1].neighbors > 0.7


def test_columns_are_probed_in_standard_deviations() -> None:
    train = rows_of_two_classes(noise=50_000.0, seed=0)
    splits = Splits(train=train, test=rows_of_two_classes(noise=50_000.0, seed=1))
    table = probe_table({"mine": linear_model(train)}, splits, num_images=400).accuracies
    # Two normal laws three standard deviations apart overlap in 6.7 % of each.
    assert table["columns"].linear == pytest.approx(0.933, abs=0.03)


def test_a_table_with_columns_in_another_order_is_refused() -> None:
    splits = open_source("cancer")
    model = built(MLPConfig(num_columns=30, widths=(2,)))
    model.trained_on = replace(model.trained_on, columns=splits.train.columns[::-1])
    with pytest.raises(
        ShapeError, match=r"^the model was trained on the columns 'worst fractal dimension', .*, got 'me"
    ):
        probe_table({"mlp": model}, splits, num_images=9)
