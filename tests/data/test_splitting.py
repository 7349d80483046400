import hashlib
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from copyist.data.splitting import digest, evenly, fingerprint, held_out


def test_the_digest_is_blake2b_of_sixteen_bytes() -> None:
    assert digest(b"copyist") == hashlib.blake2b(b"copyist", digest_size=16).hexdigest()


@given(st.lists(st.binary(max_size=3), min_size=1, max_size=60))
def test_equal_content_is_on_one_side_whatever_the_order(contents: list[bytes]) -> None:
    digests = [digest(each) for each in contents]
    side = dict(zip(digests, held_out(digests), strict=True))
    assert [side[each] for each in digests] == list(held_out(digests))
    assert list(held_out(digests[::-1])) == list(held_out(digests))[::-1]


@given(st.integers(2, 200))
def test_a_tenth_rounded_up_is_held_out(count: int) -> None:
    digests = [digest(str(index).encode()) for index in range(count)]
    tests = held_out(digests)
    assert tests.sum() == math.ceil(count / 10)
    assert max(np.array(digests)[tests]) < min(np.array(digests)[~tests])


def test_one_content_alone_is_for_training() -> None:
    assert not held_out([digest(b"a")] * 5).any()


@given(st.integers(1, 100), st.integers(1, 120))
def test_a_limit_is_spread_evenly(count: int, limit: int) -> None:
    chosen = evenly(count, limit)
    assert len(chosen) == min(count, limit)
    gaps = np.diff(chosen)
    assert len(gaps) == 0 or (gaps.min() >= 1 and gaps.max() - gaps.min() <= 1)


def test_a_fingerprint_changes_with_content_order_and_options() -> None:
    a, b = digest(b"a"), digest(b"b")
    prints = {fingerprint([a, b]), fingerprint([b, a]), fingerprint([a]), fingerprint([a, b], 3)}
    assert len(prints) == 4
    assert fingerprint([a, b], (4, 5)) == fingerprint([a, b], (4, 5))
