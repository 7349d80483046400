"""Which examples are held out, decided by their content and by nothing else."""

import hashlib
import math
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from copyist.data import Splits
from copyist.data.parts import Parts, digest, evenly_spaced, fingerprint, hold_out, tell_equal_apart


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


@given(st.integers(2, 60), st.floats(0.01, 0.99), st.integers(0, 5))
def test_another_share_and_seed_hold_out_others_by_content_alone(count: int, share: float, seed: int) -> None:
    digests = [digest(str(index).encode()) for index in range(count)]
    tests = hold_out(digests, share=share, seed=seed)
    assert tests.sum() == min(math.ceil(Fraction(str(share)) * count), count - 1)
    backwards = hold_out(digests[::-1] * 2, share=share, seed=seed)
    np.testing.assert_array_equal(backwards, [*tests[::-1], *tests[::-1]])


def test_each_content_is_held_out_by_some_seeds() -> None:
    digests = [digest(str(index).encode()) for index in range(20)]
    held = np.stack([hold_out(digests, share=0.25, seed=seed) for seed in range(200)])
    assert (held.sum(1) == 5).all()
    # Each stands in a quarter of the draws, give or take four standard errors.
    assert (abs(held.mean(0) - 0.25) < 4 * math.sqrt(0.25 * 0.75 / 200)).all()
    np.testing.assert_array_equal(held[0], hold_out(digests, share=0.25))


def test_a_tenth_that_is_asked_for_is_a_tenth() -> None:
    for count in range(2, 200):
        digests = [digest(str(index).encode()) for index in range(count)]
        np.testing.assert_array_equal(hold_out(digests, share=0.1), hold_out(digests))


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


@given(st.lists(st.binary(max_size=2), min_size=2, max_size=60), st.floats(0.01, 0.99))
def test_calibration_is_a_share_of_the_distinct_contents_that_are_not_in_the_test_split(
    contents: list[bytes], share: float
) -> None:
    digests = [digest(each) for each in contents]
    parts = Parts.of(digests, hold_out(digests), calibration=share)
    sides = {part: {digests[index] for index in parts.indices(part, limit=None)} for part in ("train", "test")}
    sides["calibration"] = {digests[index] for index in parts.indices("calibration", limit=None)}
    others = sorted(set(digests) - sides["test"])
    assert sides["calibration"] == set(others[: min(math.ceil(share * len(others)), len(others) - 1)])
    assert sides["train"] == set(others) - sides["calibration"]
    assert sides["train"]
    everything = parts.indices("all", limit=None)
    plain = Parts.of(digests, hold_out(digests), calibration=None)
    assert sorted(everything) == list(range(len(digests)))
    np.testing.assert_array_equal(everything, plain.indices("all", limit=None))
    assert not len(plain.indices("calibration", limit=None))


def test_a_split_made_by_hand_stays_and_calibration_comes_from_the_rest() -> None:
    digests = [digest(bytes([index])) for index in range(20)]
    by_hand = np.arange(20) >= 16
    parts = Parts.of(digests, by_hand, calibration=0.25)
    assert parts.indices("test", limit=None).tolist() == [16, 17, 18, 19]
    assert len(parts.indices("calibration", limit=None)) == 4
    assert len(parts.indices("train", limit=5)) == 5


def test_equal_rows_are_parted_like_others_where_that_is_asked_for() -> None:
    rows = np.repeat(np.arange(6.0).reshape(3, 2), 100, axis=0)
    digests = [digest(row.tobytes()) for row in rows]
    apart = tell_equal_apart(digests)
    assert (apart[0], len(set(apart))) == (digests[0], 300)
    splits = Splits.from_arrays(rows, calibration=0.2, part_equal=True)
    assert splits.calibration is not None
    found = [part.array for part in (splits.train, splits.test, splits.calibration)]
    assert [len(part) for part in found] == [216, 30, 54]
    assert all(len(np.unique(part, axis=0)) == 3 for part in found)
    together = Splits.from_arrays(rows)
    assert not set(together.train.array[:, 0].tolist()) & set(together.test.array[:, 0].tolist())
