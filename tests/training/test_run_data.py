"""A table is learned in the standard deviations of its training rows."""

from pathlib import Path

import numpy as np
import pytest
import torch

from copyist.data import open_source, open_split
from copyist.data.examples import ExampleSet
from copyist.errors import DataError
from copyist.models import MLPConfig
from copyist.models.residual import ResidualConfig
from copyist.training.run_data import RunData, fit_standardization, standardize_set

VALUES = np.random.default_rng(0).normal(size=(40, 3)) * [1, 3000, 0.002] + [0, 90000, 1]


def table(path: Path, *lines: str) -> str:
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def values(folder: Path) -> ExampleSet:
    lines = (",".join(map(repr, row)) for row in VALUES.tolist())
    return open_split(table(folder / "t.csv", "a,b,c", *lines), default="all")


def test_each_column_is_learned_in_its_standard_deviations(tmp_path: Path) -> None:
    rows = values(tmp_path)
    standardization = fit_standardization(rows)
    torch.testing.assert_close(standardization.mean, torch.from_numpy(VALUES.mean(0)).float())
    x = standardize_set(rows, standardization).examples()
    torch.testing.assert_close(x.mean(0), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(x.std(0, correction=0), torch.ones(3), atol=1e-4, rtol=0)


def test_held_out_rows_are_in_standard_deviations_of_the_training_rows(tmp_path: Path) -> None:
    values(tmp_path)
    splits = open_source(str(tmp_path / "t.csv"))
    train = splits.train.array.astype(np.float64)
    found = RunData.of(splits, num_classes=None).held_out(3).array
    expected = (splits.test.array[[0, 1, 2]] - train.mean(0)) / train.std(0)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_constant_columns_are_left_out(tmp_path: Path) -> None:
    said = list[str]()
    rows = open_split(table(tmp_path / "t.csv", "a,b,c", "1,2,0", "3,2,0", "4,2,0"), default="all", say=said.append)
    assert rows.columns == ("a",)
    assert rows.left_out == (("b", "constant"), ("c", "constant"))
    assert said == [f"{tmp_path}/t.csv: left out 'b', 'c', which have one value each"]


def test_one_row_is_too_few_to_learn_from(tmp_path: Path) -> None:
    splits = open_source(table(tmp_path / "t.csv", "a,b", "1,2", "3,4"))
    with pytest.raises(DataError, match=r"must have at least two rows to learn from, got 1; add rows$"):
        fit_standardization(splits.train)


def test_rows_are_learned_in_the_units_that_the_model_is_given(tmp_path: Path) -> None:
    rows = values(tmp_path)
    config = MLPConfig(num_columns=3, column_unit="tails")
    for each in (config, ResidualConfig(model=config)):
        model = each.build()
        model.measured_on(rows.examples())
        learned = standardize_set(rows, fit_standardization(rows, unit=each.unit)).examples()
        torch.testing.assert_close(model.standardized(rows.examples()), learned)
        torch.testing.assert_close(model.restored(learned), rows.examples())
    assert fit_standardization(rows).std.tolist() != fit_standardization(rows, unit="tails").std.tolist()
