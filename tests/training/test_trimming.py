"""Rows that are farthest from the others are not learned where outliers may be among them."""

import numpy as np
import pytest
import torch
from torch import Tensor

from copyist import recipes, training
from copyist.data import Splits
from copyist.errors import ArgumentError
from copyist.settings import change
from copyist.training.config import CATALOGUES
from copyist.training.run_data import RunData, fit_standardization
from copyist.training.trimming import without_strangest


def rows(count: int, *, seed: int = 0) -> Tensor:
    return torch.randn(count, 4, generator=torch.Generator().manual_seed(seed))


def test_the_rows_of_a_distant_cluster_are_trimmed_first() -> None:
    x = torch.cat([rows(95), 0.1 * rows(5, seed=1) + 30])
    train = Splits.from_arrays(x.numpy(), x[:5].numpy()).train
    kept = without_strangest(train, share=0.05)
    assert kept.names == train.names[:95]
    np.testing.assert_array_equal(kept.array, train.array[:95])
    assert without_strangest(train, share=0) is train
    assert len(without_strangest(train, share=1)) == 1


def test_images_are_not_trimmed() -> None:
    images = Splits.from_arrays(np.zeros((12, 1, 8, 8), np.uint8), np.zeros((3, 1, 8, 8), np.uint8)).train
    with pytest.raises(ArgumentError, match="only rows of a table can be trimmed"):
        without_strangest(images, share=0.1)


def test_what_is_not_learned_counts_in_the_units_of_the_columns() -> None:
    x = torch.cat([rows(95), 0.1 * rows(5, seed=1) + 30])
    splits = Splits.from_arrays(x.numpy(), x[:5].numpy())
    data = RunData.of(splits, num_classes=None, trimmed=0.05)
    units = fit_standardization(splits.train)
    np.testing.assert_allclose(data.train.array, units(x[:95]).numpy(), rtol=1e-5)
    assert data.summary()["num_train"] == 100


def test_a_run_that_trims_ends_as_any_other() -> None:
    recipe = change(recipes.table(), {"steps": "3", "trimmed": "0.3"}, CATALOGUES)
    x = rows(60).numpy()
    run = training.train(recipe, data=Splits.from_arrays(x, 0.2))
    plain = training.train(change(recipe, {"trimmed": "0"}, CATALOGUES), data=Splits.from_arrays(x, 0.2))
    # The same units, other weights.
    ours, theirs = run.load().state_dict(), plain.load().state_dict()
    assert torch.equal(ours["standardization.std"], theirs["standardization.std"])
    assert not torch.equal(ours["encoder.1.weight"], theirs["encoder.1.weight"])
