from typing import Literal

import numpy as np
import pytest

from copyist.data import ExampleSet, open_source, open_split
from copyist.data.synthetic import scene_classes, scene_factors
from copyist.errors import ArgumentError


def photograph(name: str) -> str:
    return name.split("@")[0].split("_", 1)[1]


def test_photos_are_split_by_photograph() -> None:
    splits = open_source("photos")
    photographs = [{photograph(name) for name in part.names} for part in (splits.train, splits.test)]
    assert photographs[1] == {"chelsea", "coffee", "rocket"}
    assert not photographs[0] & photographs[1]
    assert splits.train.image_shape == splits.test.image_shape == (3, 32, 32)
    counts = [sum(photograph(name) == each for name in splits.train.names) for each in photographs[0]]
    assert max(counts) <= len(splits.train) / 4


@pytest.mark.slow
def test_photographs_of_scikit_learn_are_those_it_gives() -> None:
    from sklearn.datasets import load_sample_image

    train = open_split("photos?size=64", default="train")
    index = next(index for index, name in enumerate(train.names) if name.endswith("china@128,64"))
    np.testing.assert_array_equal(
        train.array[index], load_sample_image("china.jpg")[128:192, 64:128].transpose(2, 0, 1)
    )


def test_photos_are_crops_of_the_photographs() -> None:
    from skimage.data import chelsea

    test = open_split("photos?size=50x40", default="test")
    index = next(index for index, name in enumerate(test.names) if photograph(name) == "chelsea")
    top, left = map(int, test.names[index].split("@")[1].split(","))
    np.testing.assert_array_equal(test.array[index], chelsea()[top : top + 50, left : left + 40].transpose(2, 0, 1))


@pytest.mark.parametrize("text", ["photos?fit=resize", "photos?size=512", "scenes?size=4"])
def test_what_embedded_images_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(ArgumentError):
        open_source(text)


def test_faces_are_the_first_hundred_and_labeled() -> None:
    from skimage.data import lfw_subset

    both = open_split("faces", default="all")
    assert both.array.shape == (200, 1, 25, 25)
    assert both.labels is not None
    for name, label, row in zip(both.names, both.labels, both.array, strict=True):
        index = int(name.split("_")[1])
        assert label == (index < 100)
        np.testing.assert_array_equal(row[0], lfw_subset()[index].astype(np.float32))
    assert open_split("faces?size=32&channels=3", default="test").array.shape == (20, 3, 32, 32)


def test_digits_keep_their_seventeen_levels_and_labels() -> None:
    from sklearn.datasets import load_digits

    both = open_split("digits", default="all")
    pixels, target = load_digits(return_X_y=True)
    assert both.array.shape == (1797, 1, 8, 8)
    index = int(both.names[100].split("_")[1])
    np.testing.assert_array_equal(both.array[100, 0] * 16, pixels[index].reshape(8, 8))
    assert both.labels is not None
    assert both.labels[100] == target[index]


def test_scenes_come_in_the_number_and_size_asked_for() -> None:
    splits = open_source("scenes?size=16x24&limit=40")
    assert splits.train.array.shape == (40, 3, 16, 24)
    assert splits.test.array.shape == (40, 3, 16, 24)
    assert open_source("scenes?size=16x24&limit=40&channels=1").train.image_shape == (1, 16, 24)


def test_embedded_images_are_the_same_each_time() -> None:
    once, again = open_source("digits"), open_source("digits")
    assert once.train.fingerprint == again.train.fingerprint
    np.testing.assert_array_equal(once.train.array, again.train.array)


def test_scenes_have_the_classes_of_their_factors_in_both_splits() -> None:
    splits = open_source("scenes?size=8&limit=60")
    parts: dict[Literal["train", "test"], ExampleSet] = {"train": splits.train, "test": splits.test}
    for split, image_set in parts.items():
        expected = scene_classes(scene_factors(60, split=split))
        np.testing.assert_array_equal(image_set.labels, expected)
    assert splits.num_classes() == 12
