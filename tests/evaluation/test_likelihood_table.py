"""LikelihoodTable are of rows from all over a source, in the columns the model knows."""

from dataclasses import replace

import pytest

from contracts import built
from copyist.data import open_source
from copyist.errors import ShapeError
from copyist.evaluation.likelihood_table import likelihood_table
from copyist.models import MLPConfig, Model, VariationalMLPConfig
from copyist.procedures.likelihood import likelihood
from copyist.randomness import generator

CANCER = open_source("cancer")


def model() -> Model:
    config = VariationalMLPConfig(num_columns=30, widths=(3,), code_size=2, likelihood="gaussian")
    found = built(config)
    found.measured_on(CANCER.train.examples())
    found.trained_on = replace(found.trained_on, columns=CANCER.train.columns)
    return found


def test_rows_are_taken_from_all_over_the_table() -> None:
    mine = model()
    found = likelihood_table({"mine": mine}, CANCER, num_images=5, samples=3)
    assert len(CANCER.test) == 57
    x = CANCER.test.examples()[[0, 11, 22, 34, 45]]
    assert found.models["mine"] == likelihood(mine, x, samples=3, generator=generator(0, "likelihood"))


def test_a_model_without_a_likelihood_is_left_out() -> None:
    copier = MLPConfig(num_columns=30, widths=(2,)).build()
    copier.trained_on = replace(copier.trained_on, columns=("a", "b"))
    assert likelihood_table({"copier": copier}, CANCER, num_images=5, samples=3).models == {}


def test_a_table_with_columns_in_another_order_is_refused() -> None:
    swapped = replace(CANCER, test=replace(CANCER.test, columns=CANCER.test.columns[::-1]))
    swapped = replace(swapped, train=replace(CANCER.train, columns=CANCER.train.columns[::-1]))
    with pytest.raises(
        ShapeError, match=r"^the model was trained on the columns 'mean radius', .*, got 'worst fractal"
    ):
        likelihood_table({"mine": model()}, swapped, num_images=5, samples=3)
