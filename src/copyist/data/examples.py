"""Examples in a fixed order, all of one shape, and the splits that they are parted into."""

__all__ = ["ExampleSet", "Splits"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch

from copyist.data.in_memory import Array, GivenExamples, check_alike, check_share
from copyist.data.parts import Parts, Split, evenly_spaced, fingerprint, hold_out
from copyist.errors import ArgumentError, DataError
from copyist.files.values import as_floats
from copyist.tensors import Examples, Images


@dataclass(frozen=True, kw_only=True, eq=False)
class ExampleSet:
    """Examples of one shape in one array, in memory or mapped from disk: images, or the rows of a table."""

    source: str
    """How a user names it."""

    array: npt.NDArray[Any]
    """(N, C, H, W): uint8, uint16 or float32, floats in [0, 1]; or (N, D): float32 of any range, or float64 where a
    column of a table needs it."""

    names: tuple[str, ...]
    """One per example."""

    labels: npt.NDArray[np.int64] | None = None
    """(N,) the number of each example's class, where the source has them."""

    columns: tuple[str, ...] = ()
    """What the D columns of a table are called; empty for images."""

    kinds: tuple[str, ...] = ()
    """What each column of a table was in its file, such as `number`; empty where that is not known."""

    left_out: tuple[tuple[str, str], ...] = ()
    """Columns of a table's file that are not learned though nobody left them out, and why."""

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
        part = self.array[start:stop]
        return torch.from_numpy(np.array(part)) if self.is_table else as_floats(part)

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

    @classmethod
    def from_arrays(
        cls,
        train: Array,
        test: Array | None = None,
        *,
        calibration: Array | float | None = None,
        labels: Array | None = None,
        test_labels: Array | None = None,
        calibration_labels: Array | None = None,
        columns: Sequence[str] = (),
        name: str = "arrays",
    ) -> Self:
        """Splits of images or of rows of a table that are in memory, as `train(recipe, data=…)` takes them.

        Args:
            train: images (N, C, H, W), uint8, uint16 or floats in [0, 1]; or rows (N, D) of finite numbers.
            test: the same, of any number; None holds out a tenth of `train`, by content alone, as of any source.
            calibration: the same; or a share in (0, 1) of what is trained on, held out by content; None for none.
            labels: (N,), the number of each example's class in `train`, from 0; None where there are none.
            test_labels: of `test`.
            calibration_labels: of `calibration`, where that is an array.
            columns: what the D columns of rows are called; by default they are numbered from 0.
            name: what the data is called where a source would be named, as in the model file.

        Columns of a table that have one value only in the training rows are left out, as `left_out` says.

        Raises:
            DataError: an array has another shape or type than the others, or values that no image or table has; labels
                are missing for some examples, or no whole numbers; or there are too few examples for all splits.
            ArgumentError: a share is not in (0, 1), or labels come without their examples.
        """
        share = check_share(calibration) if isinstance(calibration, int | float) else None
        apart = None if isinstance(calibration, int | float) else calibration
        arrays = {"train": (train, labels), "test": (test, test_labels), "calibration": (apart, calibration_labels)}
        given: dict[str, GivenExamples] = {}
        for part, (array, its_labels) in arrays.items():
            if array is not None:
                given[part] = GivenExamples.of(array, its_labels, columns=tuple(columns), name=name)
            elif its_labels is not None:
                raise ArgumentError(f"{part}_labels must come with their examples, got labels alone; give {part}= too")
        check_alike(given, name=name)
        sets = {part: _example_set(each, name=name) for part, each in given.items()}
        sets |= _held_out(given, share=share, name=name)
        for part, each in sets.items():
            if not len(each):
                raise DataError(
                    f"{name} must have {each.noun} for each split, got none for {part}; add {each.noun}, or give "
                    f"{part}="
                )
        sets = _without_constants(sets)
        return cls(train=sets["train"], test=sets["test"], calibration=sets.get("calibration"))

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


def _example_set(given: GivenExamples, rows: npt.NDArray[np.int64] | None = None, *, name: str) -> ExampleSet:
    """The examples in these rows; all for None."""
    chosen = range(len(given.array)) if rows is None else rows.tolist()
    return ExampleSet(
        source=name,
        array=given.array if rows is None else given.array[rows],
        names=tuple(f"{row:06d}" for row in chosen),
        labels=given.labels if given.labels is None or rows is None else given.labels[rows],
        columns=given.columns,
        fingerprint=fingerprint([given.digests[row] for row in chosen], str(given.array.dtype), *given.columns),
    )


def _without_constants(sets: Mapping[str, ExampleSet]) -> dict[str, ExampleSet]:
    """The same tables without the columns that have one value only in the training rows; if all have, they stay."""
    train = sets["train"]
    varies = (train.array != train.array[:1]).any(0) if train.is_table and len(train) > 1 else np.ones(1, np.bool_)
    if varies.all() or not varies.any():
        return dict(sets)
    kept = np.flatnonzero(varies).tolist()
    columns = tuple(train.columns[place] for place in kept)
    left_out = tuple((train.columns[place], "constant") for place in np.flatnonzero(~varies).tolist())
    return {
        part: replace(each, array=np.ascontiguousarray(each.array[:, kept]), columns=columns, left_out=left_out)
        for part, each in sets.items()
    }


def _held_out(given: Mapping[str, GivenExamples], *, share: float | None, name: str) -> dict[str, ExampleSet]:
    """The splits that are taken from the training part, and what is left of that; nothing where all were given."""
    train = given["train"]
    if "test" in given and share is None:
        return {}
    none = np.zeros(len(train.array), dtype=np.bool_)
    parts = Parts.of(train.digests, none if "test" in given else hold_out(train.digests), calibration=share)
    taken: list[Split] = ["train"]
    if "test" not in given:
        taken.append("test")
    if share is not None:
        taken.append("calibration")
    return {part: _example_set(train, parts.indices(part, limit=None), name=name) for part in taken}
