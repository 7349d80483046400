"""Classes and subsets of examples."""

import numpy as np
import pytest

from copyist.data import ExampleSet, Splits
from copyist.errors import DataError


def labeled(*labels: int) -> ExampleSet:
    array = np.zeros((len(labels), 1, 2, 3), dtype=np.uint8)
    names = tuple(map(str, range(len(labels))))
    return ExampleSet(source="mine.npz", array=array, names=names, labels=np.array(labels), fingerprint="0")


def test_classes_are_counted_from_zero_to_the_highest_of_either_split() -> None:
    assert Splits(train=labeled(0, 4, 1), test=labeled(2)).num_classes() == 5
    assert Splits(train=labeled(0, 1, 1), test=labeled(6)).num_classes() == 7
    assert Splits(train=labeled(0, 1), test=labeled(1), calibration=labeled(8)).num_classes() == 9


def test_images_without_labels_have_no_classes() -> None:
    bare = ExampleSet(source="mine", array=np.zeros((1, 1, 2, 3), np.uint8), names=("0",), fingerprint="0")
    with pytest.raises(
        DataError,
        match=r"^mine must have labels to be learned, and has none; take digits, faces or scenes, an .npz with y ",
    ):
        Splits(train=bare, test=bare).num_classes()


def test_negative_labels_are_refused() -> None:
    with pytest.raises(DataError, match=r"^labels of mine.npz must number classes from 0, got -1; number them anew$"):
        Splits(train=labeled(0, 1), test=labeled(-1)).num_classes()


def test_a_subset_has_examples_from_first_to_last_and_their_names_and_labels() -> None:
    some = labeled(*range(10)).subset(4)
    assert some.labels is not None
    assert (some.labels.tolist(), some.names, len(some)) == ([0, 2, 5, 7], ("0", "2", "5", "7"), 4)


@pytest.mark.parametrize("count", [None, 3, 9])
def test_as_many_examples_as_there_are_are_all(count: int | None) -> None:
    labels = labeled(5, 1, 2).subset(count).labels
    assert labels is not None
    assert labels.tolist() == [5, 1, 2]
