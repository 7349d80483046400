"""Examples in a fixed order, all of one shape, and which of them are held out: decided by their content alone."""

__all__ = [
    "ExampleSet",
    "Parts",
    "Split",
    "Splits",
    "digest",
    "evenly_spaced",
    "fingerprint",
    "hold_out",
    "hold_out_for_calibration",
]

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self, TypeAlias, final

import numpy as np
import numpy.typing as npt

from copyist.errors import DataError
from copyist.files.values import as_floats
from copyist.tensors import Examples, Images

Split: TypeAlias = Literal["train", "test", "calibration", "all"]
"""A part of a source."""

TEST_SHARE = 10
"""One distinct example in so many is held out."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ExampleSet:
    """Examples of one shape in one array, in memory or mapped from disk: images, or the rows of a table."""

    source: str
    """How a user names it."""

    array: npt.NDArray[Any]
    """(N, C, H, W): uint8, uint16 or float32, floats in [0, 1]; or (N, D): float32, of any range."""

    names: tuple[str, ...]
    """One per example."""

    labels: npt.NDArray[np.int64] | None = None
    """(N,) the number of each example's class, where the source has them."""

    columns: tuple[str, ...] = ()
    """What the D columns of a table are called; empty for images."""

    fingerprint: str
    """A hash of the content, in hexadecimal digits: equal content, equal fingerprint."""

    def __len__(self) -> int:
        return len(self.array)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one example: (C, H, W) of an image, (D,) of a row of a table."""
        return tuple(int(side) for side in self.array.shape[1:])

    @property
    def is_table(self) -> bool:
        """Whether its examples are the rows of a table."""
        return self.array.ndim == 2

    @property
    def noun(self) -> str:
        """What its examples are called in a sentence."""
        return "rows" if self.is_table else "images"

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one image.

        Raises:
            DataError: it is a table.
        """
        self._check_images()
        channels, height, width = self.shape
        return channels, height, width

    def subset(self, count: int | None) -> "ExampleSet":
        """At most `count` of the examples, evenly spaced over all of them, so that sorted classes all stay.

        With None, or where there are no more than that, these are all.
        """
        if count is None or count >= len(self):
            return self
        rows = evenly_spaced(len(self), count)
        return replace(
            self,
            array=self.array[rows],
            names=tuple(self.names[row] for row in rows),
            labels=None if self.labels is None else self.labels[rows],
        )

    def examples(self, start: int = 0, stop: int | None = None) -> Examples:
        """Examples `start` to `stop` as floats (B, ...): images in [0, 1], tables in units of their own."""
        return as_floats(self.array[start:stop])

    def images(self, start: int = 0, stop: int | None = None) -> Images:
        """Images `start` to `stop` as floats (B, C, H, W) in [0, 1].

        Raises:
            DataError: it is a table.
        """
        self._check_images()
        return self.examples(start, stop)

    def _check_images(self) -> None:
        if self.is_table:
            raise DataError(
                f"{self.source} must hold images here, got a table of {self.array.shape[1]} columns; "
                "take a folder of images, or photos, faces, digits or scenes"
            )


@dataclass(frozen=True, kw_only=True)
class Splits:
    """The parts of a source, told apart by nothing but its content."""

    train: ExampleSet
    """What is trained on."""

    test: ExampleSet
    """What is held out, to look at while training goes on and to measure on."""

    calibration: ExampleSet | None = None
    """What is neither trained on nor measured on: thresholds come from it. None unless it is asked for."""

    def num_classes(self) -> int:
        """How many classes the labels of all splits tell apart, numbered from 0.

        Raises:
            DataError: there are no labels, or negative ones.
        """
        parts = [each for each in (self.train, self.test, self.calibration) if each is not None]
        source, labels = self.train.source, [each.labels for each in parts if each.labels is not None]
        if len(labels) < len(parts):
            raise DataError(
                f"{source} must have labels to be learned, and has none; take digits, faces or scenes, an .npz "
                "with y beside x, or a table with ?label="
            )
        lowest, highest = (int(end) for end in (min(map(np.min, labels)), max(map(np.max, labels))))
        if lowest < 0:
            raise DataError(f"labels of {source} must number classes from 0, got {lowest}; number them anew")
        return highest + 1


def digest(content: bytes) -> str:
    """A hash of bytes, in 32 hexadecimal digits."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def hold_out(digests: Sequence[str]) -> npt.NDArray[np.bool_]:
    """True where an example belongs to the test split, (N,).

    The distinct contents are ordered by their digest, and the first tenth of them, rounded up, is held out: equal
    content is always on one side, and names, dates and order change nothing. One content alone is for training.
    """
    distinct = sorted(set(digests))
    count = -(-len(distinct) // TEST_SHARE) if len(distinct) > 1 else 0
    chosen = set(distinct[:count])
    return np.array([each in chosen for each in digests], dtype=np.bool_)


def hold_out_for_calibration(
    digests: Sequence[str], is_test: npt.NDArray[np.bool_], *, share: float
) -> npt.NDArray[np.bool_]:
    """True where an example belongs to the calibration split, (N,): a share of what is not in the test split.

    The distinct contents of those are ordered by their digest, and the first of them, rounded up to at least one, are
    held out; at least one stays for training.

    Args:
        digests: of the content of each example.
        is_test: (N,), True where an example belongs to the test split.
        share: in (0, 1).
    """
    others = sorted({each for each, test in zip(digests, is_test.tolist(), strict=True) if not test})
    chosen = set(others[: min(math.ceil(share * len(others)), len(others) - 1)])
    return ~is_test & np.array([each in chosen for each in digests], dtype=np.bool_)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """Which examples of a source belong to which split."""

    is_test: npt.NDArray[np.bool_]
    """(N,)."""

    is_calibration: npt.NDArray[np.bool_]
    """(N,)."""

    @classmethod
    def of(cls, digests: Sequence[str], is_test: npt.NDArray[np.bool_], *, calibration: float | None) -> Self:
        """Set a share in (0, 1) of what is not in the test split apart for calibration; none for None."""
        if calibration is None:
            return cls(is_test=is_test, is_calibration=np.zeros_like(is_test))
        return cls(is_test=is_test, is_calibration=hold_out_for_calibration(digests, is_test, share=calibration))

    def indices(self, part: Split, *, limit: int | None) -> npt.NDArray[np.int64]:
        """Indices of at most `limit` examples of a split, in their order; of all, those of the test split come last."""
        train = np.flatnonzero(~self.is_test & ~self.is_calibration)
        test, calibration = np.flatnonzero(self.is_test), np.flatnonzero(self.is_calibration)
        every = np.concatenate([np.flatnonzero(~self.is_test), test])
        chosen = {"train": train, "test": test, "calibration": calibration, "all": every}[part]
        return chosen[evenly_spaced(len(chosen), limit)]


def evenly_spaced(count: int, limit: int | None) -> npt.NDArray[np.int64]:
    """Indices of at most `limit` of `count` examples, spread evenly and ascending, so that sorted classes all stay."""
    if limit is None or limit >= count:
        return np.arange(count, dtype=np.int64)
    return np.arange(limit, dtype=np.int64) * count // limit


def fingerprint(digests: Iterable[str], *options: object) -> str:
    """A hash of content digests in their order, and of the options that shaped them."""
    return digest("\n".join([repr(options), *digests]).encode())
