"""The files of a folder or a `.zip`: found and named, not yet read; what is no data is passed over, and named."""

__all__ = ["ImageFile", "Listing", "list_folder", "list_zip"]

import os
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, final

from copyist.errors import DataError
from copyist.files.bulk import reason_of
from copyist.files.runs import folders_of_runs

LARGEST_FILE = 2**29
"""Bytes; a member of an archive that inflates to more is refused."""

_JUNK = {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "@eadir", "$recycle.bin", "system volume information"}
"""Names, in lower case, of what other programs leave beside images."""

_NAMED = 6
"""Endings that a notice lists at most."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ImageFile:
    """One image file."""

    name: str
    """Its path below the folder or archive, with `/`."""

    read: Callable[[], bytes]
    """Raises OSError or DataError where it cannot be read."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Listing:
    """The files of a folder or archive, but for hidden ones and those of runs."""

    place: str
    """The folder or archive."""

    members: Mapping[str, Callable[[], bytes]]
    """What reads each file, by its path below the place, with `/`; in the order of these names."""

    is_folder: bool
    """Whether it is no archive."""

    passed_over: tuple[str, ...] = ()
    """What else lies there and is no data, each a notice."""

    def files(self, endings: Collection[str]) -> list[ImageFile]:
        """The files with one of these endings, which are in lower case, by name."""
        return [ImageFile(name=name, read=read) for name, read in self.members.items() if _ending(name) in endings]

    def left_out(self, endings: Collection[str]) -> str | None:
        """Count what has none of these endings, as `2 files: 12 .txt, notes.md`; None where there is nothing."""
        others = [name for name in self.members if _ending(name) not in endings]
        counts = sorted(Counter(map(_ending, others)).items(), key=lambda kind: (-kind[1], kind[0] or "~"))
        alone = {_ending(name): name for name in others}
        kinds = [alone[end] if count == 1 else f"{count} {end or 'without an ending'}" for end, count in counts]
        listed = ", ".join(kinds[:_NAMED]) + (", …" if len(kinds) > _NAMED else "")
        return f"{len(others)} file{'s' * (len(others) > 1)}: {listed}" if others else None

    def say_left_out(self, endings: Collection[str], say: Callable[[str], None], *, noun: str) -> None:
        """Say what was passed over, and which files have none of these endings; `noun` is what they are not."""
        for notice in self.passed_over:
            say(notice)
        if left := self.left_out(endings):
            say(f"left out what is no {noun} in {self.place}, {left}")


def list_folder(folder: Path, *, without: Path | None = None) -> Listing:
    """List the files of a folder at any depth.

    Links to files and folders are followed, so that a folder which several links lead to is taken once for each of
    them; a link back to a folder that holds it is passed over.

    Args:
        folder: where to look.
        without: a file or folder that is no data, such as where results go.

    Raises:
        DataError: the folder cannot be opened.
    """
    notices: list[str] = []
    paths = dict(sorted(_walk(folder, None if without is None else os.path.realpath(without), notices.append)))
    names, runs = _without_runs(paths, str(folder))
    members = {name: paths[name].read_bytes for name in names}
    return Listing(place=str(folder), is_folder=True, members=members, passed_over=(*runs, *notices))


def list_zip(path: Path) -> Listing:
    """List the files of an archive; either slash parts folders, and of two files of one name the later is taken.

    Raises:
        DataError: it is no such archive, or damaged.
    """
    try:
        archive = zipfile.ZipFile(path)
        infos = archive.infolist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise DataError(f"{path} must be a zip archive, and is not, or is damaged") from error

    def reader(member: zipfile.ZipInfo) -> Callable[[], bytes]:
        return lambda: _read_member(archive, member)

    found = {info.filename.replace("\\", "/"): reader(info) for info in infos}
    visible = {name: read for name, read in sorted(found.items()) if name[-1:] != "/" and not _is_hidden_path(name)}
    names, notices = _without_runs(visible, str(path))
    if len(found) < len(infos):
        notices.append(f"took the later of each two files in {path} that share a name")
    members = {name: visible[name] for name in names}
    return Listing(place=str(path), is_folder=False, members=members, passed_over=tuple(notices))


def _walk(folder: Path, without: str | None, say: Callable[[str], None]) -> Iterator[tuple[str, Path]]:
    """The files below a folder, each with its name; a broken link is one that cannot be read."""
    waiting: list[tuple[str, Path, tuple[str, ...]]] = [("", folder, (os.path.realpath(folder),))]
    while waiting:
        prefix, place, above = waiting.pop()
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            if not prefix:
                raise DataError(f"{folder} cannot be opened ({reason_of(error)}); check the folder") from error
            say(f"left out the folder {prefix}, which cannot be opened ({reason_of(error)})")
            continue
        for entry in entries:
            name, path = f"{prefix}{entry.name}", Path(entry.path)
            kind = _kind(entry)
            real = os.path.realpath(path) if kind == "folder" or without is not None else None
            if _is_hidden(entry.name):
                continue
            if real is not None and real == without:
                say(f"passed over {path}, where the results go")
            elif real is not None and kind == "folder":
                if real in above:
                    say(f"passed over the link {name}, which leads back to a folder that holds it")
                else:
                    waiting.append((f"{name}/", path, (*above, real)))
            elif kind == "special":
                say(f"left out {name}, which is no regular file")
            else:
                yield name, path


def _kind(entry: "os.DirEntry[str]") -> Literal["folder", "file", "special"]:
    """What a name leads to; a link that leads nowhere is a file that cannot be read."""
    try:
        if entry.is_dir():
            return "folder"
        return "file" if entry.is_file() or not Path(entry.path).exists() else "special"
    except OSError:
        return "file"


def _without_runs(names: Collection[str], place: str) -> tuple[list[str], list[str]]:
    """The names that are not of runs, and a notice of those."""
    runs = folders_of_runs(names)
    kept = [name for name in names if not name.startswith(runs)]
    listed = ", ".join(run.rstrip("/") for run in runs[:_NAMED]) + (", …" if len(runs) > _NAMED else "")
    what = f"{len(runs)} folder{'s' * (len(runs) > 1)} that copyist has written"
    return kept, [f"passed over {what} in {place}: {listed}"] if runs else []


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


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _is_hidden(name: str) -> bool:
    return (name.startswith(".") and name != "..") or name.lower() in _JUNK


def _is_hidden_path(name: str) -> bool:
    return any(map(_is_hidden, PurePosixPath(name).parts))
