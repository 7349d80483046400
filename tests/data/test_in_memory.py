"""Arrays in memory become splits, told apart by content as those of any source."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from copyist.data import ExampleSet, Splits, open_source
from copyist.errors import ArgumentError, DataError

RNG = np.random.default_rng(0)
IMAGES = RNG.random((50, 3, 4, 5)).astype(np.float32)
ROWS = RNG.normal(size=(40, 6)) * 100
LABELS = np.arange(50) % 7


def indices(part: ExampleSet) -> set[int]:
    return set(map(int, part.names))


def test_a_tenth_of_what_is_given_is_held_out_by_content_as_of_a_file(tmp_path: Any) -> None:
    np.save(tmp_path / "mine.npy", IMAGES)
    source, splits = open_source(f"{tmp_path}/mine.npy?layout=nchw"), Splits.from_arrays(IMAGES)
    assert splits.test.names == source.test.names
    np.testing.assert_array_equal(splits.train.array, source.train.array)
    assert (len(splits.train), len(splits.test), splits.calibration) == (45, 5, None)
    backwards = Splits.from_arrays(IMAGES[::-1])
    assert {49 - index for index in indices(backwards.test)} == indices(splits.test)


@pytest.mark.parametrize("values", [IMAGES, (IMAGES * 255).astype(np.uint8), (IMAGES * 65535).astype(np.uint16)])
def test_images_keep_their_depth(values: npt.NDArray[Any]) -> None:
    splits = Splits.from_arrays(values, IMAGES[:2].astype(values.dtype))
    assert splits.train.array.dtype == values.dtype
    np.testing.assert_array_equal(splits.train.array, values)
    assert (splits.train.image_shape, len(splits.test)) == ((3, 4, 5), 2)


def test_tensors_and_wider_floats_are_the_same_examples() -> None:
    one = Splits.from_arrays(IMAGES)
    for other in (torch.from_numpy(IMAGES).requires_grad_(), IMAGES.astype(np.float64)):
        again = Splits.from_arrays(other)
        assert again.train.fingerprint == one.train.fingerprint
        np.testing.assert_array_equal(again.test.array, one.test.array)


def test_rows_are_a_table_with_numbered_or_named_columns() -> None:
    splits = Splits.from_arrays(ROWS)
    assert (splits.train.shape, splits.train.is_table, splits.train.columns) == ((6,), True, tuple("012345"))
    assert splits.train.array.dtype == np.float32
    assert Splits.from_arrays(ROWS, columns=list("abcdef")).test.columns == tuple("abcdef")
    assert Splits.from_arrays(ROWS, columns=list("abcdef")).train.fingerprint != splits.train.fingerprint


def test_labels_go_with_their_examples() -> None:
    splits = Splits.from_arrays(IMAGES, labels=LABELS, calibration=0.3)
    for part in (splits.train, splits.test, splits.calibration):
        assert part is not None
        assert part.labels is not None
        assert part.labels.tolist() == [index % 7 for index in map(int, part.names)]
    assert splits.num_classes() == 7
    given = Splits.from_arrays(IMAGES, IMAGES[:3], labels=torch.from_numpy(LABELS), test_labels=[4.0, 5.0, 8.0])  # pyright: ignore
    assert given.num_classes() == 9


@pytest.mark.parametrize("share", [0.2, 0.5, 0.999])
def test_a_share_for_calibration_is_taken_from_what_is_trained_on(share: float) -> None:
    plain, splits = Splits.from_arrays(IMAGES), Splits.from_arrays(IMAGES, calibration=share)
    assert splits.calibration is not None
    assert splits.test.fingerprint == plain.test.fingerprint
    assert indices(splits.train) | indices(splits.calibration) == indices(plain.train)
    assert not indices(splits.train) & indices(splits.calibration)
    assert len(splits.calibration) == min(44, -(-round(1000 * share) * 45 // 1000))
    assert splits.train.fingerprint != plain.train.fingerprint


def test_equal_examples_are_on_one_side() -> None:
    doubled = np.concatenate([IMAGES, IMAGES])
    splits = Splits.from_arrays(doubled, calibration=0.4)
    assert splits.calibration is not None
    for part in (splits.train, splits.test, splits.calibration):
        assert {index % 50 for index in indices(part)} == {index for index in indices(part) if index < 50}


def test_what_is_given_for_calibration_is_taken_as_it_is() -> None:
    splits = Splits.from_arrays(IMAGES, calibration=IMAGES[:7])
    assert splits.calibration is not None
    np.testing.assert_array_equal(splits.calibration.array, IMAGES[:7])
    assert (len(splits.train), len(splits.test)) == (45, 5)


def test_all_splits_that_are_given_are_whole() -> None:
    splits = Splits.from_arrays(IMAGES[:20], IMAGES[20:23], calibration=IMAGES[23:30], name="mine")
    assert splits.calibration is not None
    assert [len(part) for part in (splits.train, splits.test, splits.calibration)] == [20, 3, 7]
    assert (splits.train.source, splits.test.source) == ("mine", "mine")


BAD = IMAGES.copy()
BAD[3, 1, 2, 0] = np.nan
ROWS_BAD = ROWS.copy()
ROWS_BAD[5, 2] = np.inf


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"train": IMAGES[0]}, r"arrays must be images \(N, C, H, W\) or rows .* got shape \(3, 4, 5\); give a single"),
        ({"train": IMAGES[:0]}, r"arrays must be images .* at least one, got shape \(0, 3, 4, 5\); give a single"),
        ({"train": BAD}, r"arrays must hold finite values, got nan in image 3; replace or drop it$"),
        ({"train": IMAGES * 255}, r"floats in arrays must lie in \[0, 1\], got .* in image 0; scale them, or save"),
        ({"train": IMAGES.astype(np.int64)}, "arrays must hold uint8, uint16 or float values, got int64; convert it"),
        ({"train": ROWS_BAD}, "arrays must hold finite values, got inf in row 5; replace or drop it$"),
        ({"train": ROWS * 1e300}, r"arrays must hold finite values, got .*e\+30\d in row 0; replace or drop it$"),
        ({"train": ROWS.astype(str)}, "arrays must hold numbers, got <U32; convert it first$"),
        ({"train": IMAGES, "test": IMAGES[:, :1]}, r"all splits of arrays must have .* got \(1, 4, 5\) of float32 and"),
        ({"train": IMAGES, "labels": LABELS[:9]}, r"arrays must have one label per example, got shape \(9,\) for 50$"),
        ({"train": IMAGES, "labels": LABELS + 0.5}, r"labels of arrays must be texts or whole numbers, got 0\.5; save"),
        (
            {"train": IMAGES, "labels": np.zeros((50, 2))},
            r"arrays must have one label per .* got shape \(50, 2\) for 50$",
        ),
        ({"train": IMAGES, "test": IMAGES, "labels": LABELS}, "arrays must have labels in all .* got none for test$"),
        (
            {"train": IMAGES[:1]},
            "arrays must have images for each split, .* none for test; add different images, or give test=$",
        ),
        (
            {"train": IMAGES[:2], "calibration": 0.5},
            "arrays must have images for .* none for calibration; add different images",
        ),
        ({"train": ROWS, "columns": ["a"]}, "arrays must have one name per column of a table, got 1; leave columns="),
    ],
)
def test_what_cannot_be_learned_from_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=f"^{message}"):
        Splits.from_arrays(**arguments)


def test_arguments_that_contradict_one_another_are_refused() -> None:
    with pytest.raises(
        ArgumentError, match=r"^test_labels must come with their examples, got labels alone; give test="
    ):
        Splits.from_arrays(IMAGES, test_labels=LABELS)
    for share in (0, 1, 1.0, -0.5):
        with pytest.raises(ArgumentError, match=rf"^calibration must be a share between 0 and 1, .* got {share}; take"):
            Splits.from_arrays(IMAGES, calibration=share)
