"""Classes have names, numbers in a fixed order, and are matched by name."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import LabelEncoder

from copyist.data import ExampleSet, Splits, open_source, open_split
from copyist.data.labels import ClassLabels
from copyist.errors import DataError

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (60, 6, 7, 3), dtype=np.uint8)
NUMBERS = np.arange(60) % 3
NAMES = np.array(["owl", "cat", "dog"])[NUMBERS]


def labeled(path: Path, **arrays: Any) -> ExampleSet:
    np.savez(path / "x.npz", allow_pickle=True, **arrays)
    return open_split(str(path / "x.npz"), default="all")


def named(examples: ExampleSet) -> list[str]:
    """What the labels of examples mean."""
    assert examples.labels is not None
    assert examples.classes is not None
    return [examples.classes[number] for number in examples.labels.tolist()]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=4), min_size=1))
def test_texts_are_numbered_as_scikit_learn_does(texts: list[str]) -> None:
    encoder: Any = LabelEncoder()
    expected: Any = encoder.fit_transform(np.array(texts))
    labels = ClassLabels.of(np.array(texts), what="labels")
    assert (labels.numbers.tolist(), labels.names) == (expected.tolist(), tuple(encoder.classes_.tolist()))


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int64", ">i4", "float32", "float64"])
@pytest.mark.parametrize("shape", [(60,), (60, 1)])
def test_whole_numbers_of_any_type_are_classes(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    found = labeled(tmp_path, x=IMAGES, y=NUMBERS.astype(dtype).reshape(shape))
    assert found.labels is not None
    assert (found.labels.tolist(), found.classes) == (NUMBERS.tolist(), ("0", "1", "2"))


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "bool"])
def test_one_hot_labels_are_classes(tmp_path: Path, dtype: str) -> None:
    found = labeled(tmp_path, x=IMAGES, y=np.eye(3, dtype=dtype)[NUMBERS])
    assert found.labels is not None
    assert (found.labels.tolist(), found.classes) == (NUMBERS.tolist(), ("0", "1", "2"))


@pytest.mark.parametrize("texts", [NAMES, NAMES[:, None], NAMES.astype("S")])
def test_texts_are_classes(tmp_path: Path, texts: np.ndarray) -> None:
    found = labeled(tmp_path, x=IMAGES, y=texts)
    assert found.classes == ("cat", "dog", "owl")
    assert named(found) == NAMES.tolist()


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (np.where(NUMBERS > 0, 1, -1), ("-1", "1")),
        (1 + NUMBERS, ("0", "1", "2", "3")),
        (1000 + NUMBERS, ("1000", "1001", "1002")),
        (10**9 * NUMBERS, ("0", "1000000000", "2000000000")),
        (NUMBERS > 0, ("False", "True")),
    ],
)
def test_numbers_that_number_nothing_are_names(tmp_path: Path, values: np.ndarray, classes: tuple[str, ...]) -> None:
    found = labeled(tmp_path, x=IMAGES, y=values)
    assert found.classes == classes
    assert named(found) == [str(value) for value in values.tolist()]


@pytest.mark.parametrize("images", ["x_train", "X_train", "train_images", "trainX", "training_data"])
@pytest.mark.parametrize("labels", ["y_train", "Y_train", "train_labels", "trainY", "training_target"])
def test_labels_are_found_whatever_they_are_called(tmp_path: Path, images: str, labels: str) -> None:
    found = labeled(tmp_path, **{images: IMAGES, labels: NUMBERS[:, None].astype(np.uint8)})
    assert named(found) == list(map(str, NUMBERS))


@pytest.mark.parametrize("held_out", ["test", "val", "valid", "validation", "dev", "eval"])
def test_arrays_have_splits_by_the_names_people_use(tmp_path: Path, held_out: str) -> None:
    arrays = {"x_train": IMAGES, "y_train": NUMBERS[:, None], f"x_{held_out}": IMAGES[:9], f"y_{held_out}": NUMBERS[:9]}
    labeled(tmp_path, **arrays)
    splits = open_source(str(tmp_path / "x.npz"))
    np.testing.assert_array_equal(splits.test.array, IMAGES[:9].transpose(0, 3, 1, 2))
    assert (len(splits.train), named(splits.test)) == (60, list(map(str, NUMBERS[:9])))


def test_what_lies_beside_and_is_not_used_is_named(tmp_path: Path, said: list[str]) -> None:
    arrays: dict[str, Any] = {
        "x_train": IMAGES,
        "x_val": IMAGES[:5],
        "x_test": IMAGES[:4],
        "y_train": RNG.random((60, 4)),
    }
    labeled(tmp_path, **arrays, meta=np.array([{"a": 1}], dtype=object))
    splits = open_source(str(tmp_path / "x.npz"), say=said.append)
    assert (len(splits.train), len(splits.test), splits.train.labels) == (60, 4, None)
    assert said == [
        f"took x_train and x_test of {tmp_path / 'x.npz'}, and left out x_val (5, 6, 7, 3), y_train (60, 4), which is "
        "not one class per image, meta of Python objects, which are never loaded"
    ]


def test_tables_in_arrays_have_such_labels_too(tmp_path: Path) -> None:
    rows = RNG.normal(size=(60, 2))
    for y in (NUMBERS, NUMBERS[:, None], np.eye(3)[NUMBERS]):
        assert named(labeled(tmp_path, x_train=rows, y_train=y)) == list(map(str, NUMBERS))
    assert named(labeled(tmp_path, x=rows, y=NAMES)) == NAMES.tolist()


@pytest.mark.parametrize("given_labels", [NUMBERS, NUMBERS[:, None], np.eye(3)[NUMBERS], NAMES])
def test_arrays_in_memory_take_the_same_labels(given_labels: np.ndarray) -> None:
    splits = Splits.from_arrays(IMAGES.transpose(0, 3, 1, 2), labels=given_labels)
    texts = given_labels is NAMES
    for part in (splits.train, splits.test):
        assert named(part) == [str((NAMES if texts else NUMBERS)[int(name)]) for name in part.names]
    assert splits.classes == (("cat", "dog", "owl") if texts else ("0", "1", "2"))


def test_classes_are_matched_by_name(tmp_path: Path) -> None:
    whole = labeled(tmp_path, x=IMAGES, y=NAMES)
    fewer = labeled(tmp_path, x=IMAGES[NUMBERS != 1], y=NAMES[NUMBERS != 1])
    assert fewer.classes == ("dog", "owl")
    matched = fewer.with_classes(whole.classes)
    assert (matched.classes, named(matched)) == (whole.classes, named(fewer))
    assert fewer.with_classes(None) is fewer
    assert whole.with_classes(whole.classes) is whole
    assert named(whole.with_classes(["owl", "dog", "bee", "cat"])) == NAMES.tolist()
    with pytest.raises(DataError) as refusal:
        whole.with_classes(["dog", "owl"])
    assert str(refusal.value) == (
        f"classes of {tmp_path / 'x.npz'} must be among those that the model knows, 'dog', 'owl', got 'cat'; leave out "
        "the examples whose class is unknown, or train a model on these"
    )


@pytest.mark.parametrize(
    ("one", "other"), [(NUMBERS > 0, (NUMBERS > 0).astype(int)), (NUMBERS, np.array(["0.0", "1.0", "2.0"])[NUMBERS])]
)
def test_one_class_has_one_name_however_it_is_written(tmp_path: Path, one: np.ndarray, other: np.ndarray) -> None:
    model, data = labeled(tmp_path, x=IMAGES, y=one), labeled(tmp_path, x=IMAGES, y=other)
    np.testing.assert_array_equal(data.with_classes(model.classes).labels, model.labels)
    np.testing.assert_array_equal(model.with_classes(data.classes).labels, data.labels)


def test_splits_of_other_classes_are_numbered_alike(tmp_path: Path) -> None:
    train = labeled(tmp_path, x=IMAGES[NUMBERS != 0], y=NAMES[NUMBERS != 0])
    test = labeled(tmp_path, x=IMAGES[NUMBERS != 2], y=NAMES[NUMBERS != 2])
    splits = Splits(train=train, test=test)
    assert (splits.train.classes, splits.test.classes, splits.num_classes()) == (*[("cat", "dog", "owl")] * 2, 3)
    assert (named(splits.train), named(splits.test)) == (named(train), named(test))
    bare = replace(test, labels=None, classes=None)
    assert Splits(train=train, test=bare).test is bare
