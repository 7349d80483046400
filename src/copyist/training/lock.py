"""One run at a time in a folder: a lock that the system releases when its holder ends, however it ends."""

__all__ = ["LOCK", "check_unlocked", "hold_lock"]

import contextlib
import errno
from collections.abc import Callable, Generator
from pathlib import Path

from filelock import FileLock, Timeout

from copyist.errors import OutputError

LOCK = ".lock"
"""The file in a run's folder that the run at work holds. A killed run leaves the file behind, unlocked."""

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
"""What a file system answers that cannot lock files."""


@contextlib.contextmanager
def hold_lock(folder: Path, *, notify: Callable[[str], None]) -> Generator[None, None, None]:
    """Context manager: holds the lock of the folder, which is created where there is none.

    Args:
        folder: of a run.
        notify: called with one sentence where the file system cannot lock files.

    Raises:
        OutputError: another run is at work in it, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK, timeout=0)
        lock.acquire()
    except Timeout as error:
        raise _busy(folder) from error
    except (OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_LOCKS:
            reason = (error.strerror or str(error)).lower()
            raise OutputError(f"{folder} could not be written ({reason}); choose another place") from error
        notify(f"{folder} is on a file system without locks, so that nothing keeps a second run out of it")
        yield
        return
    try:
        yield
    finally:
        # Removed while it is held: who opened it before must find it gone, and is refused like a new one.
        with contextlib.suppress(OSError):
            (folder / LOCK).unlink()
        lock.release()


def check_unlocked(folder: Path) -> None:
    """Refuse, before any work, a folder in which another run is at work now.

    Raises:
        OutputError: there is one.
    """
    if not (folder / LOCK).exists():
        return
    try:
        with FileLock(folder / LOCK, timeout=0):
            pass
    except Timeout as error:
        raise _busy(folder) from error
    except (OSError, NotImplementedError):
        return  # Whether it can be written is found when it is locked.


def _busy(folder: Path) -> OutputError:
    return OutputError(
        f"{folder} must belong to one run at a time, and another is at work in it now; wait until that one has ended, "
        "or choose another folder"
    )
