"""Classes, subsets and fingerprints of examples, and which of them are held out."""

import hashlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copyist.data import ExampleSet, Splits
from copyist.data.examples import digest, evenly_spaced, fingerprint, hold_out
from copyist.errors import DataError


def labeled(*labels: int) -> ExampleSet:
    array = np.zeros((len(labels), 1, 2, 3), dtype=np.uint8)
    names = tuple(map(str, range(len(labels))))
    return ExampleSet(source="mine.npz", array=array, names=names, labels=np.array(labels), fingerprint="0")


def test_classes_are_counted_from_zero_to_the_highest_of_either_split() -> None:
    assert Splits(train=labeled(0, 4, 1), test=labeled(2)).num_classes() == 5
    assert Splits(train=labeled(0, 1, 1), test=labeled(6)).num_classes() == 7


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


def test_the_digest_is_blake2b_of_sixteen_bytes() -> None:
    assert digest(b"copyist") == hashlib.blake2b(b"copyist", digest_size=16).hexdigest()


@given(st.lists(st.binary(max_size=3), min_size=1, max_size=60))
def test_equal_content_is_on_one_side_whatever_the_order(contents: list[bytes]) -> None:
    digests = [digest(each) for each in contents]
    side = dict(zip(digests, hold_out(digests), strict=True))
    assert [side[each] for each in digests] == list(hold_out(digests))
    assert list(hold_out(digests[::-1])) == list(hold_out(digests))[::-1]


@given(st.integers(2, 200))
def test_a_tenth_rounded_up_is_hold_out(count: int) -> None:
    digests = [digest(str(index).encode()) for index in range(count)]
    tests = hold_out(digests)
    assert tests.sum() == math.ceil(count / 10)
    assert max(np.array(digests)[tests]) < min(np.array(digests)[~tests])


def test_one_content_alone_is_for_training() -> None:
    assert not hold_out([digest(b"a")] * 5).any()


@given(st.integers(1, 100), st.integers(1, 120))
def test_a_limit_is_spread_evenly_spaced(count: int, limit: int) -> None:
    chosen = evenly_spaced(count, limit)
    assert len(chosen) == min(count, limit)
    gaps = np.diff(chosen)
    assert len(gaps) == 0 or (gaps.min() >= 1 and gaps.max() - gaps.min() <= 1)


def test_a_fingerprint_changes_with_content_order_and_options() -> None:
    a, b = digest(b"a"), digest(b"b")
    prints = {fingerprint([a, b]), fingerprint([b, a]), fingerprint([a]), fingerprint([a, b], 3)}
    assert len(prints) == 4
    assert fingerprint([a, b], (4, 5)) == fingerprint([a, b], (4, 5))
