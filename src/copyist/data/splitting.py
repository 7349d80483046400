"""Which examples are held out: decided by their content and by nothing else."""

__all__ = ["digest", "evenly", "fingerprint", "held_out", "part_of"]

import hashlib
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

TEST_SHARE = 10
"""One distinct example in so many is held out."""


def digest(content: bytes) -> str:
    """A hash of bytes, in 32 hexadecimal digits."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def held_out(digests: Sequence[str]) -> npt.NDArray[np.bool_]:
    """True where an example belongs to the test split, (N,).

    The distinct contents are ordered by their digest, and the first tenth of them, rounded up, is held out: equal
    content is always on one side, and names, dates and order change nothing. One content alone is for training.
    """
    distinct = sorted(set(digests))
    count = -(-len(distinct) // TEST_SHARE) if len(distinct) > 1 else 0
    chosen = set(distinct[:count])
    return np.array([each in chosen for each in digests], dtype=np.bool_)


def part_of(
    is_test: npt.NDArray[np.bool_], part: Literal["train", "test", "all"], *, limit: int | None
) -> npt.NDArray[np.int64]:
    """Indices of the examples of a split, in their order; of all, those for training come first."""
    train, test = np.flatnonzero(~is_test), np.flatnonzero(is_test)
    chosen = {"train": train, "test": test, "all": np.concatenate([train, test])}[part]
    return chosen[evenly(len(chosen), limit)]


def evenly(count: int, limit: int | None) -> npt.NDArray[np.int64]:
    """Indices of at most `limit` of `count` examples, spread evenly and ascending, so that sorted classes all stay."""
    if limit is None or limit >= count:
        return np.arange(count, dtype=np.int64)
    return np.arange(limit, dtype=np.int64) * count // limit


def fingerprint(digests: Iterable[str], *options: object) -> str:
    """A hash of content digests in their order, and of the options that shaped them."""
    return digest("\n".join([repr(options), *digests]).encode())
