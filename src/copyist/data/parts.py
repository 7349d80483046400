"""Which examples of a source are held out: decided by their content and by nothing else."""

__all__ = [
    "CALIBRATION_SHARE",
    "TEST_SHARE",
    "Parts",
    "Split",
    "digest",
    "evenly_spaced",
    "fingerprint",
    "hold_out",
    "hold_out_for_calibration",
    "tell_equal_apart",
]

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, Self, TypeAlias, final

import numpy as np
import numpy.typing as npt

Split: TypeAlias = Literal["train", "test", "calibration", "all"]
"""A part of a source."""

TEST_SHARE = 0.1
"""The share of the distinct examples that is held out, unless another is asked for."""

CALIBRATION_SHARE = 0.2
"""The share of the rest that calibrates a detector, unless another is asked for."""


def digest(content: bytes) -> str:
    """A hash of bytes, in 32 hexadecimal digits."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def tell_equal_apart(digests: Sequence[str]) -> list[str]:
    """A digest for each example, of its content and of how many equal ones came before; the first of these keeps its
    own.

    By these, equal examples are parted like others. New normal rows are equal to rows of training as often as they
    happen to be, and a p-value holds only where those of the calibration are, too.
    """
    seen: Counter[str] = Counter()
    found: list[str] = []
    for each in digests:
        found.append(digest(f"{each} {seen[each]}".encode()) if seen[each] else each)
        seen[each] += 1
    return found


def hold_out(digests: Sequence[str], *, share: float = TEST_SHARE, seed: int = 0) -> npt.NDArray[np.bool_]:
    """True where an example belongs to the test split, (N,).

    The distinct contents are ordered by their digest, and the first of them, a tenth or another share, rounded up, are
    held out: equal content is always on one side, and names, dates and order change nothing. At least one content
    stays for training.

    Args:
        digests: of the content of each example.
        share: in (0, 1).
        seed: another one than 0 orders the contents in another way.
    """
    distinct = _ordered(digests, seed)
    # As it is written: 0.1 of 30 is 3, and not a little more.
    count = math.ceil(Fraction(str(share)) * len(distinct))
    chosen = set(distinct[: min(count, len(distinct) - 1)])
    return np.array([each in chosen for each in digests], dtype=np.bool_)


def hold_out_for_calibration(
    digests: Sequence[str], is_test: npt.NDArray[np.bool_], *, share: float, seed: int = 0
) -> npt.NDArray[np.bool_]:
    """True where an example belongs to the calibration split, (N,): a share of what is not in the test split.

    The distinct contents of those are ordered by their digest, and the first of them, rounded up to at least one, are
    held out; at least one stays for training.

    Args:
        digests: of the content of each example.
        is_test: (N,), True where an example belongs to the test split.
        share: in (0, 1).
        seed: as for `hold_out`.
    """
    others = _ordered([each for each, test in zip(digests, is_test.tolist(), strict=True) if not test], seed)
    chosen = set(others[: min(math.ceil(share * len(others)), len(others) - 1)])
    return ~is_test & np.array([each in chosen for each in digests], dtype=np.bool_)


def _ordered(digests: Iterable[str], seed: int) -> list[str]:
    """The distinct contents in an order that depends on them and on the seed alone."""
    if seed == 0:
        return sorted(set(digests))
    return sorted(set(digests), key=lambda each: digest(f"{seed} {each}".encode()))


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """Which examples of a source belong to which split."""

    is_test: npt.NDArray[np.bool_]
    """(N,)."""

    is_calibration: npt.NDArray[np.bool_]
    """(N,)."""

    is_left_out: npt.NDArray[np.bool_] | None = None
    """(N,), True where an example is in no split, since its class is not wanted; None where all are in one."""

    @classmethod
    def of(
        cls, digests: Sequence[str], is_test: npt.NDArray[np.bool_], *, calibration: float | None, seed: int = 0
    ) -> Self:
        """Set a share in (0, 1) of what is not in the test split apart for calibration; none for None."""
        if calibration is None:
            return cls(is_test=is_test, is_calibration=np.zeros_like(is_test))
        apart = hold_out_for_calibration(digests, is_test, share=calibration, seed=seed)
        return cls(is_test=is_test, is_calibration=apart)

    def indices(self, part: Split, *, limit: int | None) -> npt.NDArray[np.int64]:
        """Indices of at most `limit` examples of a split, spread evenly over it; always in the order of the source."""
        chosen = {
            "train": np.flatnonzero(~self.is_test & ~self.is_calibration),
            "test": np.flatnonzero(self.is_test),
            "calibration": np.flatnonzero(self.is_calibration),
            "all": np.arange(len(self.is_test)),
        }[part]
        if self.is_left_out is not None:
            chosen = chosen[~self.is_left_out[chosen]]
        return chosen[evenly_spaced(len(chosen), limit)]


def evenly_spaced(count: int, limit: int | None) -> npt.NDArray[np.int64]:
    """Indices of at most `limit` of `count` examples, spread evenly and ascending, so that sorted classes all stay."""
    if limit is None or limit >= count:
        return np.arange(count, dtype=np.int64)
    return np.arange(limit, dtype=np.int64) * count // limit


def fingerprint(digests: Iterable[str], *options: object) -> str:
    """A hash of content digests in their order, and of the options that shaped them."""
    return digest("\n".join([repr(options), *digests]).encode())
