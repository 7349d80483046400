"""Errors of a table's copies are in standard deviations, and stand beside PCA's by scikit-learn."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from contracts import standardize
from copyist.data import Splits, open_source
from copyist.errors import ArgumentError, ContractError, ShapeError
from copyist.evaluation.table_copies import TableCopies, table_copies
from copyist.models import ConvClassifierConfig, MLPConfig, Model, UNetConfig

SCALES = np.array([1.0, 3000.0, 0.002, 50.0])


@pytest.fixture
def splits(tmp_path: Path) -> Splits:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(300, 4)) @ np.diag([3, 1, 0.3, 0.1]) @ rng.normal(size=(4, 4)) * SCALES + 2
    (tmp_path / "t.csv").write_text("a,b,c,d\n" + "\n".join(",".join(map(repr, row)) for row in values.tolist()))
    return open_source(f"{tmp_path}/t.csv")


def principal_model(splits: Splits, count: int) -> Model:
    """A linear autoencoder whose weights are the principal axes of the standardized training rows."""
    x = splits.train.examples()
    mean, std = x.mean(0), x.std(0, correction=0)
    pca = PCA(count).fit(((x - mean) / std).double().numpy())
    model = MLPConfig(num_columns=4, widths=(count,), activation="identity").build()
    axes = torch.from_numpy(pca.components_).float()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.get_parameter("encoder.1.weight").copy_(axes)
        model.get_parameter("decoder.0.weight").copy_(axes.T)
    standardize(model, mean=mean, std=std)
    return model.eval()


def test_a_model_whose_code_is_the_principal_axes_ties_with_pca(splits: Splits) -> None:
    found = table_copies({"mine": principal_model(splits, 2)}, splits, num_rows=1000)
    (row,) = found.rows
    assert row.pca is not None
    assert (row.num_units, row.pca.num_axes, found.num_test) == (2, 2, len(splits.test))
    assert row.error.mean == pytest.approx(row.pca.error.mean, rel=1e-3)
    assert row.column_errors == pytest.approx(row.pca.column_errors, rel=1e-2)
    # On paper, by scikit-learn in double precision.
    train, test = (each.array.astype(np.float64) for each in (splits.train, splits.test))
    mean, std = train.mean(0), train.std(0)
    pca = PCA(2).fit((train - mean) / std)
    x = (test - mean) / std
    errors = (pca.inverse_transform(pca.transform(x)) - x) ** 2
    assert row.pca.error.mean == pytest.approx(errors.mean(), rel=1e-3)
    assert row.pca.column_errors == pytest.approx(tuple(errors.mean(0)), rel=1e-2)
    assert found.mean_error.mean == pytest.approx((x**2).mean(), rel=1e-3)
    assert found.std == pytest.approx(tuple(std), rel=1e-5)


def test_who_copies_better_is_judged_row_by_row(splits: Splits) -> None:
    worse = principal_model(splits, 2)
    worse.get_parameter("decoder.0.bias").data += 0.5
    models = {"three": principal_model(splits, 3), "worse": worse}
    found = table_copies(models, splits, num_rows=1000)
    assert [row.pca is not None and row.pca.beats_pca for row in found.rows][1] == "refuted"
    text = found.text(details=True)
    assert "> worse" in text
    assert text.count("PCA of equal code") == 2
    assert max(map(len, text.splitlines()[1:])) <= 100
    document = json.loads(found.to_json())
    assert document["schema"] == "copyist.table"
    assert document["rows"][0]["num_units"] == 3
    assert TableCopies.from_document(document) == found


def test_a_code_as_large_as_a_row_has_nothing_to_stand_beside(splits: Splits) -> None:
    found = table_copies({"four": principal_model(splits, 4)}, splits, num_rows=1000)
    assert found.rows[0].pca is None
    assert found.rows[0].error.mean < 1e-5
    assert "the code is no smaller than a row" in found.text()


def test_the_statistics_of_the_model_stay_with_the_model(splits: Splits) -> None:
    """What a model does to a row depends on no other row, and not on the table it is measured on."""
    model, x = principal_model(splits, 2), splits.test.examples()
    with torch.no_grad():
        torch.testing.assert_close(model(x)[:1], model(x[:1]))


def test_models_that_do_not_take_the_table_are_refused(splits: Splits) -> None:
    of_images = UNetConfig(channels=1, width=4, levels=2).build()
    with pytest.raises(
        ShapeError, match=r"^the model was trained on images, got a table of 4 columns; give images, or"
    ):
        table_copies({"unet": of_images}, splits, num_rows=99)
    with pytest.raises(ShapeError, match=r"^the model takes tables of 5 columns only, got 4 columns; leave others out"):
        table_copies({"five": MLPConfig(num_columns=5).build()}, splits, num_rows=99)
    names = ConvClassifierConfig(channels=1, num_classes=2, width=4, levels=1).build()
    with pytest.raises(ContractError, match=r"^evaluate needs a model that copies, and ConvClassifier does not"):
        table_copies({"names": names}, splits, num_rows=99)
    model = principal_model(splits, 2)
    with pytest.raises(ArgumentError, match=r"^batch must be at least 1, got 0$"):
        table_copies({"mine": model}, splits, num_rows=99, batch_size=0)
    model.trained_on = replace(model.trained_on, columns=("d", "c", "b", "a"))
    with pytest.raises(
        ShapeError, match=r"^the model was trained on the columns 'd', 'c', 'b', 'a', got 'a', 'b', 'c', "
    ):
        table_copies({"mine": model}, splits, num_rows=99)


def test_a_column_that_is_constant_in_training_has_no_error(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n" + "".join(f"{row},5\n" for row in range(30)))
    model = MLPConfig(num_columns=2, widths=(1,)).build()
    found = table_copies({"mine": model}, open_source(f"{tmp_path}/t.csv", columns=("a", "b")), num_rows=99)
    assert (found.columns, len(found.std), len(found.rows[0].column_errors)) == (("a",), 1, 1)
