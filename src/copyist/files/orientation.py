"""The eight ways in which EXIF lets a picture be stored."""

__all__ = ["ORIENTATION", "SWAPPED", "stored_as", "upright"]

from typing import Any

import numpy as np
import numpy.typing as npt

ORIENTATION = 0x0112
"""The EXIF tag."""

SWAPPED = (5, 6, 7, 8)
"""Orientations in which height and width change places."""


def upright(array: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """An array (H, W, ...) as stored, turned as EXIF `orientation` says it is to be seen."""
    match orientation:
        case 2:
            return array[:, ::-1]
        case 3:
            return array[::-1, ::-1]
        case 4:
            return array[::-1]
        case 5:
            return np.swapaxes(array, 0, 1)
        case 6:
            return np.rot90(array, -1)
        case 7:
            return np.swapaxes(array[::-1, ::-1], 0, 1)
        case 8:
            return np.rot90(array)
        case _:
            return array


def stored_as(array: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """The inverse of `upright`."""
    return upright(array, {6: 8, 8: 6}.get(orientation, orientation))
