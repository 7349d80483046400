"""Results on disk: written whole or not at all, and never silently over others."""

__all__ = [
    "check_folder",
    "check_name",
    "check_output",
    "clear_unfinished",
    "temporary_name",
    "user_path",
    "whole_file",
    "whole_folder",
    "write_bytes",
    "write_text",
    "writing",
]

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Generator
from pathlib import Path, PurePath

from copyist.errors import OutputError

_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.part")
"""The names that `whole_file` gives to files until they are whole."""

_LONGEST_NAME = 255
"""Bytes in UTF-8; the file systems in use take no longer names."""


def check_name(name: str) -> None:
    """Refuse, before any work, a path a part of which no file system takes as a name.

    Raises:
        OutputError: a part is longer than 255 bytes.
    """
    for part in PurePath(name).parts:
        size = len(os.fsencode(part))
        if size > _LONGEST_NAME:
            raise OutputError(
                f"a file's name must have at most {_LONGEST_NAME} bytes, got {size} for {part}; rename it"
            )


def check_folder(path: Path, *, use: str) -> None:
    """Refuse, before any work, a file where a folder is to be, which need not be there yet.

    Args:
        path: of the folder.
        use: what it is for, in the plural, such as "results".

    Raises:
        OutputError: it is a file.
    """
    if path.exists() and not path.is_dir():
        raise OutputError(f"{path} is a file, and {use} need a folder; choose another place")


def user_path(path: str | Path) -> Path:
    """The path that a user means: `~` and `~name` in front are their folders, as in a shell, which leaves quotes alone.

    A file that is called so here is meant itself.
    """
    text = os.fspath(path)
    return Path(text if not text.startswith("~") or Path(text).exists() else os.path.expanduser(text))  # noqa: PTH111


def check_output(path: Path, *, overwrite: bool) -> None:
    """Refuse, before any work, an output that exists or that may not be written.

    A folder counts as existing only when something is in it.

    Raises:
        OutputError: `path` exists and `overwrite` is False, its folder cannot be made or written to, or its name is too
            long.
    """
    check_name(str(path))
    occupied = any(path.iterdir()) if path.is_dir() else path.exists()
    if occupied and not overwrite:
        raise OutputError(f"{path} exists already; choose another place, or add --force to replace it")
    folder = path if path.is_dir() else path.parent
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise OutputError(f"{path} cannot be written, because {folder} is a file; choose another place")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"{path} cannot be written, because {folder} may not be written to; choose another place")


@contextlib.contextmanager
def whole_file(path: Path) -> Generator[Path, None, None]:
    """Give a temporary path beside `path`; what is written there replaces `path` at once, or not at all.

    The bytes are on the disk before the name is: a machine that loses power has the old file or the new one.

    Raises:
        OutputError: the disk is full, or the place cannot be written.
    """
    temporary = path.with_name(temporary_name(path.name))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(f"{path} could not be written ({reason}); what was there before is untouched") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def whole_folder(folder: Path) -> Generator[Path, None, None]:
    """Give a temporary folder; what is written there goes to `folder` once all is there, or not at all.

    It lies beside `folder`, or in it where there is one already: that may be a disk of its own. Files that lie in
    `folder` already are replaced by those of the same name, and else stay.

    Raises:
        OutputError: the disk is full, or the place cannot be written.
    """
    name = temporary_name(folder.absolute().name)
    stands = folder.is_dir()
    temporary = folder / name if stands else folder.absolute().with_name(name)
    try:
        temporary.mkdir(parents=True)
        yield temporary
        if stands or folder.exists():
            for path in sorted(path for path in temporary.rglob("*") if not path.is_dir()):
                target = folder / path.relative_to(temporary)
                target.parent.mkdir(parents=True, exist_ok=True)
                path.replace(target)
        else:
            temporary.replace(folder)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(f"{folder} could not be written ({reason}); choose another place") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextlib.contextmanager
def writing(path: Path) -> Generator[None, None, None]:
    """Name the file that is written inside, in a folder that is not whole yet, when that fails.

    Raises:
        OutputError: the disk is full, or the place cannot be written.
    """
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(f"{path.name} could not be written ({reason}); choose another place") from error


def temporary_name(name: str) -> str:
    """A hidden name for a file until it is whole, which nothing else bears; the end of a long one is cut."""
    ending = f".{secrets.token_hex(4)}.part"
    kept = os.fsencode(name)[: _LONGEST_NAME - len(ending) - 1]
    # A letter of several bytes may be cut in the middle, which macOS and Windows would not take.
    return f".{kept.decode(errors='ignore')}{ending}"


def clear_unfinished(folder: Path) -> None:
    """Take away what `whole_file` left in `folder` when its process was killed in the middle."""
    for left in folder.glob(".*.part"):
        if _TEMPORARY.fullmatch(left.name):
            with contextlib.suppress(OSError):
                left.unlink()


def write_bytes(path: Path, data: bytes) -> None:
    """Write a whole file of bytes.

    Raises:
        OutputError: as `whole_file`.
    """
    with whole_file(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a whole file of UTF-8 text.

    Raises:
        OutputError: as `whole_file`.
    """
    write_bytes(path, text.encode())
