"""Examples in a fixed order, all of one shape."""

__all__ = ["ImageSet", "Splits", "as_floats"]

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from copyist.errors import DataError
from copyist.tensors import Images


@dataclass(frozen=True, kw_only=True, eq=False)
class ImageSet:
    """Images of one shape in one array, in memory or mapped from disk."""

    source: str
    """How a user names it."""

    array: npt.NDArray[Any]
    """(N, C, H, W): uint8, uint16 or float32; floats lie in [0, 1]."""

    names: tuple[str, ...]
    """One per image."""

    labels: npt.NDArray[np.int64] | None = None
    """(N,) the number of each image's class, where the source has them."""

    fingerprint: str
    """A hash of the content, in hexadecimal digits: equal content, equal fingerprint."""

    def __len__(self) -> int:
        return len(self.array)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one image."""
        channels, height, width = self.array.shape[1:]
        return int(channels), int(height), int(width)

    def images(self, start: int = 0, stop: int | None = None) -> Images:
        """Images `start` to `stop` as floats (B, C, H, W) in [0, 1]."""
        return as_floats(self.array[start:stop])


@dataclass(frozen=True, kw_only=True)
class Splits:
    """A source cut in two, by nothing but its content."""

    train: ImageSet
    test: ImageSet

    def num_classes(self) -> int:
        """How many classes the labels of both splits tell apart, numbered from 0.

        Raises:
            DataError: there are no labels, or negative ones.
        """
        source, labels = self.train.source, [each.labels for each in (self.train, self.test) if each.labels is not None]
        if len(labels) < 2:
            raise DataError(
                f"{source} must have labels to be learned, and has none; take digits, faces or scenes, or an .npz "
                "with y beside x"
            )
        lowest, highest = (int(end) for end in (min(map(np.min, labels)), max(map(np.max, labels))))
        if lowest < 0:
            raise DataError(f"labels of {source} must number classes from 0, got {lowest}; number them anew")
        return highest + 1


def as_floats(array: npt.NDArray[Any]) -> Images:
    """Stored values as float32 in [0, 1]."""
    if array.dtype == np.uint8:
        return torch.from_numpy(np.array(array)).float().div_(255)
    if array.dtype == np.uint16:
        return torch.from_numpy(array.astype(np.float32)).div_(65535)
    return torch.from_numpy(np.array(array, dtype=np.float32))
