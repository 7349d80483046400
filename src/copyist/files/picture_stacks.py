"""Files of several pictures, which are written once each picture has its answer."""

__all__ = ["PictureStack"]

from collections.abc import Sequence
from pathlib import Path
from typing import final

from torch import Tensor

from copyist.files.decoded import DecodedImage
from copyist.files.encoding import encode_pages
from copyist.outputs import write_bytes


@final
class PictureStack:
    """The pictures of one file, and those that are to take their place."""

    def __init__(self, name: str, images: Sequence[DecodedImage]) -> None:
        """Take hold of the pictures of a file; `name` is where it will be written, below the output folder."""
        self.name = name
        self._images = list(images)
        self._new: dict[int, DecodedImage] = {}

    def put(self, index: int, x: Tensor, path: Path) -> Path:
        """Take the new pixels (C, H, W) of one picture, and write the file once all have been given.

        Raises:
            OutputError: it cannot be written.
        """
        self._new[index] = self._images[index].with_floats(x)
        if len(self._new) == len(self._images):
            write_bytes(path, encode_pages([self._new[place] for place in range(len(self._images))]))
            self._new = {}
        return path
