"""Images before they are decoded: what every kind of source of images is first turned into."""

__all__ = ["Undecoded", "undecoded_array"]

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from copyist.data.labels import ClassLabels
from copyist.data.parts import digest
from copyist.errors import DataError
from copyist.files.values import check_pixels


@dataclass(frozen=True, kw_only=True, eq=False)
class Undecoded:
    """N images of perhaps different sizes, each decoded on access."""

    names: Sequence[str]
    """One per image."""

    digests: Sequence[str]
    """Of each image's content as stored."""

    sizes: Sequence[tuple[int, int]]
    """(H, W) of each."""

    channels: int
    """Of all, once decoded."""

    dtype: np.dtype[Any]
    """Of all, once decoded."""

    is_test: npt.NDArray[np.bool_] | None
    """(N,), True where an image is held out; None where the source has no splits, and content decides."""

    labels: ClassLabels | None
    """Of each image, where the source has them."""

    decode: Callable[[int], npt.NDArray[Any] | str]
    """Gives image `index` as (H, W, C), or the reason why it cannot be read."""

    failures: tuple[str, ...] = ()
    """What was left out already, as `name (reason)`."""

    belongs_to: Sequence[str] | None = None
    """The digest of what each image is a part of, such as a stack: parts of one are on one side of a split."""

    notices: tuple[str, ...] = ()
    """What a model sees in another way than it is stored, each one sentence."""

    def __len__(self) -> int:
        return len(self.names)


def undecoded_array(
    array: npt.NDArray[Any],
    *,
    place: str,
    names: Sequence[str] | None = None,
    labels: ClassLabels | None = None,
    is_test: npt.NDArray[np.bool_] | None = None,
) -> Undecoded:
    """The images of an array (N, C, H, W); without `is_test`, their content will decide which are held out.

    Raises:
        DataError: the values are none that an image can have.
    """
    if 0 in array.shape:
        raise DataError(f"{place} must hold at least one image, got an array of shape {array.shape}")
    counted = array.dtype.name in ("uint8", "uint16")
    if not counted and array.dtype.kind not in "fb":
        raise DataError(f"{place} must hold uint8, uint16 or float values, got {array.dtype}; convert it first")
    dtype = np.dtype(array.dtype.name if counted else np.float32)
    digests = [digest(np.ascontiguousarray(row).tobytes()) for row in array]

    def decode(index: int) -> npt.NDArray[Any]:
        row = np.moveaxis(np.asarray(array[index]), 0, 2)  # (H, W, C)
        if array.dtype.kind == "f":
            check_pixels(row, place=place, index=index)
        return row.astype(dtype)

    return Undecoded(
        names=names if names is not None else [f"{index:06d}" for index in range(len(array))],
        digests=digests,
        sizes=[(array.shape[2], array.shape[3])] * len(array),
        channels=array.shape[1],
        dtype=dtype,
        is_test=is_test,
        labels=labels,
        decode=decode,
    )
