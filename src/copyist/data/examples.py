"""Examples in a fixed order, all of one shape."""

__all__ = ["ExampleSet"]

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from copyist.data.labels import renumbered
from copyist.data.parts import evenly_spaced
from copyist.errors import DataError
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

    classes: tuple[str, ...] | None = None
    """The names of the classes, in the order of their numbers; None without labels."""

    groups: tuple[str, ...] | None = None
    """Which examples belong together, one name per example, where the source says so."""

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
            groups=None if self.groups is None else tuple(self.groups[row] for row in rows),
            labels=None if self.labels is None else self.labels[rows],
        )

    def with_classes(self, names: Sequence[str] | None) -> "ExampleSet":
        """The same examples with their classes numbered as a model numbers them, matched by name.

        Args:
            names: those that the model was trained on, in its order; None where they are not known, which changes
                nothing.

        Raises:
            DataError: a class that occurs is not among them.
        """
        if self.labels is None or self.classes is None or names is None or self.classes == tuple(names):
            return self
        labels = renumbered(self.labels, self.classes, names, source=self.source)
        return replace(self, labels=labels, classes=tuple(names))

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
