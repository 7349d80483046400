"""Images in tars as WebDataset has them: `name.tar`, or shards `name-{0000..0099}.tar`, with classes beside them."""

__all__ = ["classes_in", "is_beside", "list_tars", "tar_paths"]

import re
import tarfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from copyist.errors import DataError
from copyist.files.bulk import reason_of
from copyist.files.folders import LARGEST_FILE, ImageFile, Listing

_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")

_BESIDE = (".cls", ".json", ".txt")
"""Endings of what WebDataset keeps beside an image."""


def tar_paths(place: str) -> list[Path]:
    """The tars that a place names, which need not be there: one, or one for each number of a range in braces.

    Raises:
        DataError: a range runs from high to low, or there are several.
    """
    ranges = _RANGE.findall(place)
    if not ranges:
        return [Path(place)]
    low, high = ranges[0]
    if len(ranges) > 1 or int(low) > int(high):
        raise DataError(
            f"tars must be numbered by one range from low to high, as in name-{{0000..0099}}.tar, got {place}"
        )
    return [Path(_RANGE.sub(f"{number:0{len(low)}d}", place)) for number in range(int(low), int(high) + 1)]


def list_tars(place: str) -> Listing:
    """List the files of the tars that a place names; names of several tars begin with that of their own.

    Raises:
        DataError: one is missing, truncated, or no tar.
    """
    paths = tar_paths(place)
    members: dict[str, Callable[[], bytes]] = {}
    for path in paths:
        for name, read in _members(path).items():
            members[f"{path.stem}/{name}" if len(paths) > 1 else name] = read
    return Listing(place=place, is_folder=False, members=dict(sorted(members.items())))


def classes_in(listing: Listing, files: Sequence[ImageFile]) -> list[str] | None:
    """The classes that stand in `.cls` beside images, or None where an image has none.

    Raises:
        DataError: one cannot be read.
    """
    found: list[str] = []
    for file in files:
        read = listing.members.get(f"{_key(file.name)}.cls")
        if read is None:
            return None
        found.append(read().decode(errors="replace").strip())
    return found


def is_beside(name: str) -> bool:
    """Whether a member is what WebDataset keeps beside an image."""
    return PurePosixPath(name).suffix.lower() in _BESIDE


def _key(name: str) -> str:
    """What the files of one example share: their name up to the first dot."""
    path = PurePosixPath(name)
    return str(path.with_name(path.name.partition(".")[0]))


def _members(path: Path) -> Mapping[str, Callable[[], bytes]]:
    try:
        length = path.stat().st_size
        with tarfile.open(path, "r:") as tar:
            found = [member for member in tar if member.isreg()]
    except OSError as error:
        raise DataError(f"{path} cannot be opened ({reason_of(error)}); name the tars that there are") from error
    except tarfile.TarError as error:
        raise DataError(f"{path} must be a tar that is not compressed, and is not, or is damaged") from error
    if any(member.offset_data + member.size > length for member in found):
        raise DataError(f"{path} must be a whole tar, and ends in the middle of a file; copy it again")

    def reader(member: tarfile.TarInfo) -> Callable[[], bytes]:
        return lambda: _read(path, member.offset_data, member.size)

    return {
        member.name: reader(member) for member in found if not any(part[:1] == "." for part in Path(member.name).parts)
    }


def _read(path: Path, offset: int, size: int) -> bytes:
    if size > LARGEST_FILE:
        raise DataError(f"is of {size} bytes")
    with path.open("rb", buffering=0) as file:
        file.seek(offset)
        return file.read(size)
