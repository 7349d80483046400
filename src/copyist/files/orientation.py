"""Which way up a picture is stored, by its EXIF orientation."""

__all__ = ["ORIENTATION", "SWAPPED", "turn_back", "turn_upright"]

from typing import Any

import numpy as np
import numpy.typing as npt

ORIENTATION = 0x0112
"""The EXIF tag."""

SWAPPED = (5, 6, 7, 8)
"""EXIF orientations in which height and width change places."""


def turn_upright(array: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """An array (H, W, ...) as stored, turned upright by its EXIF `orientation`."""
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


def turn_back(array: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """An upright array (H, W, ...) as a file of this `orientation` stores it: the inverse of `turn_upright`."""
    return turn_upright(array, {6: 8, 8: 6}.get(orientation, orientation))
