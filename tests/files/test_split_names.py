"""Splits and classes by the names of folders."""

import pytest

from copyist.files.split_names import classes_by_folder, folder_role, parts_by_folder


def split(*names: str) -> dict[str, list[str]] | None:
    """The files of each role, without their folders of splits; those left out under `none`."""
    parts = parts_by_folder(names)
    if parts is None:
        return None
    found: dict[str, list[str]] = {}
    for name, part in zip(names, parts, strict=True):
        found.setdefault("none" if part is None else part.role if part.is_taken else f"no {part.role}", []).append(
            name if part is None else part.name
        )
    return found


@pytest.mark.parametrize(
    ("role", "names"),
    [
        ("train", "train Train TRAIN training tr train_set trainset training-images train2017 train_data"),
        ("val", "val valid Validation dev VAL val2017 validation_set valset"),
        ("test", "test Testing tst te eval evaluation holdout test_images testset test-data"),
        (None, "trainer strain contest latest values images cat 2017 evaluator set unlabeled train_cats"),
    ],
)
def test_folders_state_splits_by_the_names_people_use(role: str | None, names: str) -> None:
    assert {name: folder_role(name) for name in names.split()} == dict.fromkeys(names.split(), role)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["train/a", "valid/b"], {"train": ["a"], "val": ["b"]}),
        (["data/train/a", "data/test/b"], {"train": ["a"], "test": ["b"]}),
        (["x/y/z/train/a", "x/y/z/test/b"], {"train": ["a"], "test": ["b"]}),
        (["c", "x/train/a", "x/test/b"], {"none": ["c"], "train": ["x/a"], "test": ["x/b"]}),
        (["x/train/a", "x/val/b", "y/train/c"], {"train": ["x/a"], "val": ["x/b"], "none": ["y/train/c"]}),
        (["x/train/a", "x/test/b", "y/train/c", "y/test/d"], {"train": ["x/a", "y/c"], "test": ["x/b", "y/d"]}),
        (["train/cat/a", "test/cat/b"], {"train": ["cat/a"], "test": ["cat/b"]}),
        (["train/a", "val/b", "test/c", "d"], {"train": ["a"], "no val": ["b"], "test": ["c"], "none": ["d"]}),
        (["train/train/a", "train/test/b"], {"train": ["train/a"], "test": ["train/b"]}),
        (["train/a", "train/b"], None),
        (["train/a", "other/b"], None),
        (["val/a", "test/b"], None),
        (["train.png", "test.png"], None),
        ([], None),
    ],
)  # fmt: skip
def test_splits_lie_at_the_top_or_one_folder_below(names: list[str], expected: dict[str, list[str]] | None) -> None:
    assert split(*names) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["cat/1", "cat/2", "dog/1", "dog/2"], ["cat", "cat", "dog", "dog"]),
        (["all/cat/1", "all/cat/2", "all/dog/1", "all/dog/2"], ["cat", "cat", "dog", "dog"]),
        (["cat/a/1", "cat/2", "dog/1", "dog/b/c/2"], ["cat", "cat", "dog", "dog"]),
        (["cat/1", "cat/2", "dog/1", "dog/2", "3"], None),
        (["cat/1", "cat/2"], None),
        (["a/1", "b/1", "c/1"], None),
        (["test/1", "test/2", "val/1", "val/2"], None),
        (["train/1", "train/2", "cat/1", "cat/2"], None),
        (["bus/1", "bus/2", "car/1", "car/2", "train/1", "train/2"], ["bus", "bus", "car", "car", "train", "train"]),
        (["1", "2"], None),
    ],
)  # fmt: skip
def test_a_folder_for_each_class_is_the_first_on_the_way_as_in_an_image_folder(
    names: list[str], expected: list[str] | None
) -> None:
    assert classes_by_folder(names) == expected
