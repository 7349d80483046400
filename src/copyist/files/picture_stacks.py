"""Files of several pictures, which are written once each picture has its answer."""

__all__ = ["PictureStack"]

import threading
from pathlib import Path
from typing import final

from copyist.files.decoded import DecodedImage
from copyist.files.encoding import encode_pages
from copyist.outputs import write_bytes


@final
class PictureStack:
    """The pictures of one file, and those that are to take their place."""

    def __init__(self, name: str, *, count: int) -> None:
        """Wait for `count` pictures; `name` is where they will be written, below the output folder."""
        self.name = name
        self._count = count
        self._new: dict[int, DecodedImage] = {}
        self._one_at_a_time = threading.Lock()

    def put(self, index: int, image: DecodedImage, path: Path) -> Path:
        """Take the new picture in the place of one, and write the file once all have been given.

        Several threads may call this at once.

        Raises:
            OutputError: it cannot be written.
        """
        with self._one_at_a_time:
            self._new[index] = image
            if len(self._new) == self._count:
                write_bytes(path, encode_pages([self._new[place] for place in range(self._count)]))
                self._new = {}
        return path
