"""Masks of defects, found for their pictures by name."""

__all__ = ["Masks", "labels_of_masks"]

from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import final

import numpy as np
import numpy.typing as npt

from copyist.errors import DataError
from copyist.evaluation.anomalies.truth import Truth
from copyist.files.bulk import ignore
from copyist.files.decoding import decode_image
from copyist.files.folders import ImageFile, list_folder
from copyist.files.formats import SUFFIXES

_ENDING = "_mask"
"""What may stand behind a picture's name in its mask's."""

_SHOWN = 3
"""Pictures that a sentence names at most."""


@final
class Masks:
    """The masks of a folder: `hole/007.png` or `hole/007_mask.png` is that of the picture `hole/007.jpg`."""

    def __init__(
        self,
        folder: Path,
        names: Sequence[str],
        sizes: Sequence[tuple[int, int]],
        *,
        say: Callable[[str], None] = ignore,
    ) -> None:
        """Find the mask of each picture, and look at it.

        Args:
            folder: of the masks.
            names: of the pictures, with their folders below the input.
            sizes: (H, W) of each.
            say: takes the sentence that names masks which are black all over.

        Raises:
            DataError: there is no such folder or no mask in it; one is of no picture, of another size than its picture,
                not white where the defect is, or cannot be read.
        """
        if not folder.is_dir():
            raise DataError(f"--masks must name a folder, and there is none at {folder}; check the path")
        files = list_folder(folder).files(SUFFIXES)
        if not files:
            raise DataError(f"{folder} must hold masks, and there is no image in it; check the folder")
        places = {_stem(name): row for row, name in enumerate(names)}
        self._files: dict[int, ImageFile] = {}
        self._black = set[int]()
        for file in files:
            row = places.get(_stem(file.name), places.get(_stem(file.name).removesuffix(_ENDING)))
            if row is None:
                raise DataError(
                    f"a mask must have the name of its picture, and there is no picture for {file.name} of {folder}; "
                    "take it away, or judge its picture too"
                )
            if row in self._files:
                raise DataError(f"{names[row]} must have one mask, got two in {folder}; take one away")
            self._files[row] = file
            mask = self._check_size(row, names[row], sizes[row])
            if not mask.any():
                self._black.add(row)
        if self._black:
            shown = ", ".join(names[row] for row in sorted(self._black)[:_SHOWN])
            say(
                f"{len(self._black)} of the {len(files)} masks in {folder} are black all over, so that no pixel of "
                f"their pictures counts as a defect: {shown}{', …' if len(self._black) > _SHOWN else ''}"
            )

    def __contains__(self, row: int) -> bool:
        return row in self._files

    def shows(self, row: int) -> bool:
        """Whether a picture has a mask with a defect in it."""
        return row in self._files and row not in self._black

    def read(self, row: int) -> npt.NDArray[np.bool_]:
        """The mask of a picture, (H, W): True where any channel is at least half of white.

        Raises:
            DataError: it cannot be read; or it is not black, and nothing in it is so bright, such as a mask of zeros
                and ones in 8 bits.
        """
        return self._white(row, self._brightness(row))

    def _brightness(self, row: int) -> npt.NDArray[np.float32]:
        """(H, W): of the brightest channel."""
        file = self._files[row]
        try:
            return decode_image(file.read()).floats().amax(0).numpy()
        except (OSError, DataError) as error:
            raise DataError(f"the mask {file.name} cannot be read ({error}); check the file") from error

    def _white(self, row: int, brightness: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
        if 0 < brightness.max() < 0.5:
            raise DataError(
                f"a mask must be white where the defect is, got at most {100 * brightness.max():.2g} % of white in "
                f"{self._files[row].name}; write defects as 255 and all else as 0"
            )
        return brightness >= 0.5

    def _check_size(self, row: int, name: str, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
        """The mask, of the size of its picture."""
        brightness = self._brightness(row)
        found = brightness.shape
        if found != size:
            raise DataError(
                f"a mask must have the size of its picture, got {found[0]}x{found[1]} for {name} of "
                f"{size[0]}x{size[1]}; make the masks anew from pictures of this size"
            )
        return self._white(row, brightness)


def labels_of_masks(truth: Truth, masks: Masks) -> Truth:
    """The labels that are known; where there are none, pictures with a mask are anomalies and the others are normal."""
    if truth.normal is not None:
        return truth
    kinds = tuple("masked" if masks.shows(row) else "without a mask" for row in range(len(truth.kinds)))
    return Truth(
        kinds=kinds, normal="without a mask", origin="No labels are given, so pictures with a mask count as anomalies"
    )


def _stem(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(""))
