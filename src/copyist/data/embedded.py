"""Data that needs no file: images and a table inside scikit-image and scikit-learn, and drawn images."""

__all__ = ["cancer_table", "undecoded_embedded"]

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from copyist.data.fitting import tile_corners
from copyist.data.labels import ClassLabels
from copyist.data.parts import evenly_spaced
from copyist.data.source import Source
from copyist.data.synthetic import SCENE_CLASSES, blob_centers, draw_blobs, draw_scenes, scene_classes, scene_factors
from copyist.data.undecoded import Undecoded, undecoded_array
from copyist.errors import ArgumentError
from copyist.files.delimited import write_delimited
from copyist.files.spellings import spell_numbers
from copyist.files.stored_table import StoredTable
from copyist.files.table_arrays import table_of_array

PHOTOS_SIZE = (32, 32)
SCENES_SIZE = (64, 64)
NUM_SCENES = 2048
NUM_TEST_SCENES = 512
BLOBS_SIZE = (16, 16)
NUM_BLOBS = 2048
NUM_TEST_BLOBS = 512

HELD_OUT_PHOTOS = ("chelsea", "coffee", "rocket")
"""A cat, a cup and a launch pad: a photograph is wholly in one split. Together their colors have about the mean and
spread of the others', so that a batch of them has statistics like a batch of training crops."""

TRAINING_PHOTOS = (
    "astronaut", "china", "flower", "motorcycle_left", "motorcycle_right", "immunohistochemistry",
    "retina", "hubble_deep_field",
)  # fmt: skip

_MOST_CROPS = 400
_FEWER_CROPS = 200
_UNIFORM_PHOTOS = TRAINING_PHOTOS[3:]
"""Two views of one thing, and large ones that look alike all over: each gives fewer crops."""

_FLAT = 6.0
"""Crops that vary less, in green levels of 255, are skipped, such as those of black sky."""


def undecoded_embedded(source: Source) -> Undecoded:
    """The images of an embedded source; `photos` and `scenes` already in the requested size.

    Raises:
        ArgumentError: the size or fit cannot be had.
    """
    makers: dict[str, Callable[[Source], Undecoded]] = {
        "photos": _photos,
        "faces": _faces,
        "digits": _digits,
        "scenes": _scenes,
        "blobs": _blobs,
    }
    return makers[source.place](source)


def cancer_table() -> StoredTable:
    """Measurements of cell nuclei in 569 breast tumors, 212 of them malignant, as they come with scikit-learn."""
    from sklearn.datasets import load_breast_cancer

    bunch: Any = load_breast_cancer()
    names, values = [str(name) for name in bunch.feature_names], np.asarray(bunch.data)

    def rewrite(new: Mapping[str, npt.NDArray[Any]], to: Path) -> None:
        columns = [spell_numbers(new.get(name, column)) for name, column in zip(names, values.T, strict=True)]
        write_delimited(to, names, columns, delimiter=",")

    return table_of_array(values, names, rewrite, labels=np.asarray(bunch.target).astype(np.int64))


def _photos(source: Source) -> Undecoded:
    if source.fit in ("resize", "pad"):
        raise ArgumentError(f"photos are cut into crops, got fit={source.fit}; leave fit= out")
    size = source.size or PHOTOS_SIZE
    crops: list[npt.NDArray[np.uint8]] = []
    names: list[str] = []
    for name in (*TRAINING_PHOTOS, *HELD_OUT_PHOTOS):
        photo = _photo(name)
        stride = source.stride or (min(size) if name in HELD_OUT_PHOTOS else max(1, min(size) // 2))
        corners = tile_corners((photo.shape[0], photo.shape[1]), size, stride)
        green = photo[:, :, 1]
        corners = [(y, x) for y, x in corners if green[y : y + size[0], x : x + size[1]].std() > _FLAT]
        most = _FEWER_CROPS if name in _UNIFORM_PHOTOS else _MOST_CROPS
        for top, left in (corners[index] for index in evenly_spaced(len(corners), most)):
            crops.append(photo[top : top + size[0], left : left + size[1]])
            names.append(f"{name}@{top},{left}")
    is_test = np.array([name.partition("@")[0] in HELD_OUT_PHOTOS for name in names])
    if not is_test.any():
        raise ArgumentError(
            f"photos give crops of at most 300x451, got size={size[0]}x{size[1]}; take one like ?size=300"
        )
    # Neighbors in one photograph are alike: in this fixed random order a batch holds some of each.
    order = np.random.default_rng(0).permutation(len(names))
    array = np.moveaxis(np.stack(crops), 3, 1)[order]
    names = [f"{place:04d}_{names[index]}" for place, index in enumerate(order)]
    return undecoded_array(array, place="photos", names=names, is_test=is_test[order])


def _photo(name: str) -> npt.NDArray[np.uint8]:
    """(H, W, 3)."""
    if name in ("china", "flower"):
        # Importing scikit-learn takes longer than all the rest; the photographs lie beside it.
        spec = find_spec("sklearn")
        places = (spec.submodule_search_locations if spec else None) or ["sklearn"]
        with Image.open(Path(places[0]) / "datasets" / "images" / f"{name}.jpg") as image:
            return np.asarray(image)
    from skimage import data

    if name.startswith("motorcycle"):
        left, right, _ = data.stereo_motorcycle()
        return np.asarray(left if name.endswith("left") else right)
    return np.asarray(getattr(data, name)())


def _faces(source: Source) -> Undecoded:
    from skimage.data import lfw_subset

    array = np.asarray(lfw_subset(), dtype=np.float32)[:, None]
    labels = (np.arange(len(array)) < 100).astype(np.int64)
    names = [f"{'face' if label else 'other'}_{index:03d}" for index, label in enumerate(labels)]
    classes = ClassLabels(numbers=labels, names=("other", "face"))
    return undecoded_array(array, place=source.place, names=names, labels=classes)


def _digits(source: Source) -> Undecoded:
    from sklearn.datasets import load_digits

    bunch: Any = load_digits()
    array = (np.asarray(bunch.images) / 16).astype(np.float32)[:, None]
    labels = np.asarray(bunch.target, dtype=np.int64)
    names = [f"{label}_{index:04d}" for index, label in enumerate(labels)]
    classes = ClassLabels(numbers=labels, names=tuple("0123456789"))
    return undecoded_array(array, place=source.place, names=names, labels=classes)


def _scenes(source: Source) -> Undecoded:
    size, counts, names = _to_draw(source, default=SCENES_SIZE, num_train=NUM_SCENES, num_test=NUM_TEST_SCENES)
    factors = [scene_factors(counts["train"], split="train"), scene_factors(counts["test"], split="test")]
    array = np.concatenate([draw_scenes(each, size=size) for each in factors])
    numbers = np.concatenate([scene_classes(each) for each in factors])
    labels = ClassLabels(numbers=numbers, names=tuple(map(str, range(SCENE_CLASSES))))
    is_test = np.arange(len(names)) >= counts["train"]
    return undecoded_array(array, place="scenes", names=names, labels=labels, is_test=is_test)


def _blobs(source: Source) -> Undecoded:
    size, counts, names = _to_draw(source, default=BLOBS_SIZE, num_train=NUM_BLOBS, num_test=NUM_TEST_BLOBS)
    centers = [blob_centers(counts["train"], split="train"), blob_centers(counts["test"], split="test")]
    array = draw_blobs(np.concatenate(centers), size=size)
    return undecoded_array(array, place="blobs", names=names, is_test=np.arange(len(names)) >= counts["train"])


def _to_draw(
    source: Source, *, default: tuple[int, int], num_train: int, num_test: int
) -> tuple[tuple[int, int], dict[str, int], list[str]]:
    """(H, W) of the images to draw, how many of each split, and their names."""
    size = source.size or default
    if min(size) < 8:
        raise ArgumentError(f"{source.place} must have sides of at least 8, got size={size[0]}x{size[1]}")
    count = source.limit or num_train
    counts = {"train": count, "test": min(count, num_test)}
    return size, counts, [f"{split}_{index:06d}" for split, number in counts.items() for index in range(number)]
