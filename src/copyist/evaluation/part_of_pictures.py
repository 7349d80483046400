"""The pictures of one job, as the process that does it reads them."""

__all__ = ["PartOfPictures", "check_there"]

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import final

from copyist.errors import DataError, OutputError
from copyist.files.picture import Picture
from copyist.files.picture_files import PictureFile, PicturesOfFiles


@final
class PartOfPictures:
    """Some of the pictures of a folder, under the numbers that they have among all, as one job reads them."""

    def __init__(
        self,
        files: Mapping[str, PictureFile],
        names: Mapping[int, tuple[str, str]],
        shapes: Mapping[int, tuple[int, int, int]],
        *,
        channels: int | None,
        marker: Path,
    ) -> None:
        """Look into their files.

        Args:
            files: all, by name.
            names: of each picture, and of the file that holds it, by number.
            shapes: (C, H, W) of each, as it was when the work began, by number.
            channels: that files are converted to which do not say so themselves; None leaves them.
            marker: the marker file in the folder that is written to; where it is gone the work is to end.

        Raises:
            DataError: one is gone, or of another shape than when the work began.
        """
        changed = "must stay as it is while its folder is worked on, and be there for every process; begin again"
        wanted = dict.fromkeys(file for _, file in names.values())
        for name in wanted:
            if name not in files:
                raise DataError(f"{name} {changed}")
        given = [files[name] for name in wanted]
        self._pictures = PicturesOfFiles(
            [replace(file, channels=channels if file.channels is None else file.channels) for file in given]
        )
        places = {name: place for place, name in enumerate(self._pictures.names)}
        self._places: dict[int, int] = {}
        for row, (name, _) in names.items():
            if name not in places or self._pictures.shapes[places[name]] != shapes[row]:
                raise DataError(f"{name} {changed}")
            self._places[row] = places[name]
        self._rows = {place: row for row, place in self._places.items()}
        self._marker = marker
        self.failures: dict[int, str] = {}
        """Which could not be read, each with its name and the reason."""
        self.notices: dict[int, Sequence[str]] = {}
        """What could not be kept of those that were read."""

    def name(self, row: int) -> str:
        """The name of a picture."""
        return self._pictures.names[self._places[row]]

    def shape(self, row: int) -> tuple[int, int, int]:
        """The shape (C, H, W) of a picture."""
        return self._pictures.shapes[self._places[row]]

    def is_one_of_several(self, row: int) -> bool:
        """Whether a picture is a page of a stack, or a row of an array, which is written with the others."""
        place = self._places[row]
        return self._pictures.names[place] != self._pictures.file_names[place]

    def read(self, rows: Sequence[int]) -> Iterator[tuple[int, Picture]]:
        """Yield pictures with their numbers, as `PicturesOfFiles.read`.

        Raises:
            OutputError: the work is to end.
        """
        left = dict.fromkeys(rows)
        for place, picture in self._pictures.read([self._places[row] for row in rows]):
            check_there(self._marker.parent, marker=self._marker)
            row = self._rows[place]
            del left[row]
            self.notices[row] = picture.stored.notices if picture.stored else ()
            yield row, picture
        for row in left:
            failure = self._pictures.failure(self._places[row])
            assert failure is not None
            self.failures[row] = failure


def check_there(folder: Path, *, marker: Path | None = None) -> None:
    """Refuse to go on where a folder, or the marker file in it, is gone, or was never there for this process.

    Raises:
        OutputError: one of them is not there.
    """
    if not folder.is_dir() or (marker is not None and not marker.exists()):
        raise OutputError(
            f"{folder} must be there for every process, and for one it is not; machines that share the work need a "
            "folder that all of them see under one path"
        )
