"""The image files of a folder or a `.zip`: found and named, not yet decoded."""

__all__ = ["ImageFile", "files_in_folder", "files_in_zip"]

import os
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from copyist.errors import DataError
from copyist.files.formats import SUFFIXES

LARGEST_FILE = 2**29
"""Bytes; a member of an archive that inflates to more is refused."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ImageFile:
    """One image file."""

    name: str
    """Its path below the folder or archive, with `/`."""

    read: Callable[[], bytes]
    """Raises OSError or DataError where it cannot be read."""

    version: tuple[int, ...] | None = None
    """Changes when the file does: its size and time of change; None where that is not known."""


def files_in_folder(folder: Path) -> list[ImageFile]:
    """Image files of a folder at any depth, by name; hidden files and folders are left out."""
    files: list[ImageFile] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not _is_hidden(name)]
        for name in names:
            path = Path(parent) / name
            if path.suffix.lower() in SUFFIXES and not _is_hidden(name):
                version = _version(path)
                files.append(ImageFile(name=path.relative_to(folder).as_posix(), read=path.read_bytes, version=version))
    return sorted(files, key=lambda file: file.name)


def files_in_zip(path: Path) -> list[ImageFile]:
    """Image files of an archive, by name; hidden ones are left out.

    Raises:
        DataError: it is no such archive, or damaged.
    """
    try:
        archive = zipfile.ZipFile(path)
        members = archive.infolist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise DataError(f"{path} must be a zip archive, and is not, or is damaged") from error

    def reader(member: zipfile.ZipInfo) -> Callable[[], bytes]:
        return lambda: _read_member(archive, member)

    files: list[ImageFile] = []
    for member in members:
        name = PurePosixPath(member.filename)
        if member.is_dir() or name.suffix.lower() not in SUFFIXES or any(_is_hidden(part) for part in name.parts):
            continue
        version = (member.file_size, member.CRC, path.stat().st_mtime_ns)
        files.append(ImageFile(name=str(name), read=reader(member), version=version))
    return sorted(files, key=lambda file: file.name)


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    if member.file_size > LARGEST_FILE:
        raise DataError(f"inflates to {member.file_size} bytes")
    try:
        with archive.open(member) as file:
            data = file.read(LARGEST_FILE + 1)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError) as error:
        raise DataError(str(error).partition("\n")[0].lower() or "damaged") from error
    if len(data) > LARGEST_FILE:
        raise DataError("inflates to more bytes than it says")
    return data


def _version(path: Path) -> tuple[int, int] | None:
    """Size and time of change; None for a broken link, which is reported when it is read."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns


def _is_hidden(name: str) -> bool:
    return (name.startswith(".") and name != "..") or name == "__MACOSX"
