"""Names are counted on rows of the classes that are there, in the columns the classifier knows."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from copyist.data.examples import ExampleSet
from copyist.data.splits import Splits
from copyist.errors import ShapeError
from copyist.evaluation.classification_errors import classification_table
from copyist.models import Classifier, MLPConfig, StackedClassifierConfig

COLUMNS = ("one", "other")


def sorted_rows(count: int = 40) -> ExampleSet:
    """Rows whose class is whether the first column is above the second, all of one class before those of the other."""
    names = np.repeat([0, 1], count // 2)
    values = np.stack([names, 1 - names], axis=1).astype(np.float32)
    return ExampleSet(source="t", array=values, names=("",) * count, labels=names, columns=COLUMNS, fingerprint="0")


def comparing() -> Classifier:
    """Names the larger of two columns."""
    stack = MLPConfig(num_columns=2, widths=(2,), activation="identity")
    model = StackedClassifierConfig(stack=stack, num_classes=2).build()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.get_parameter("encoder.1.weight").copy_(torch.eye(2))
        model.get_parameter("head.weight").copy_(torch.eye(2).flip(0))
    model.trained_on = replace(model.trained_on, columns=COLUMNS)
    return model.eval()


def test_sorted_classes_are_all_named() -> None:
    rows = sorted_rows()
    table = classification_table({"mine": comparing()}, Splits(train=rows, test=rows), num_images=10)
    assert (table.num_test, table.models["mine"].wrong, table.majority.wrong) == (10, 0, 5)


def test_a_table_with_columns_in_another_order_is_refused() -> None:
    rows = sorted_rows()
    swapped = replace(rows, array=rows.array[:, ::-1], columns=COLUMNS[::-1])
    with pytest.raises(
        ShapeError, match=r"^the model was trained on the columns 'one', 'other', got 'other', 'one'; g"
    ):
        classification_table({"mine": comparing()}, Splits(train=swapped, test=swapped))
