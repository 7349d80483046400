"""How much memory and disk there is, and a refusal, before any is taken, of what would need more."""

__all__ = ["available_memory", "bytes_text", "check_disk", "check_memory", "is_out_of_memory"]

import math
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from copyist.errors import ArgumentError, OutputError

_ROOT = Path("/")
_UNLIMITED = 2**60
"""What version 1 of the control groups gives as no limit is larger."""


def available_memory(*, root: Path = _ROOT) -> int:
    """Bytes that this process may still take: the least of what the machine, its container and its limits leave.

    Args:
        root: where `proc` and `sys` lie.
    """
    found = [_of_machine(root), *_of_groups(root), *_of_address_space(root)]
    return max(0, min(found))


def check_memory(needed: float, what: str, *, remedy: str, available: int | None = None) -> None:
    """Refuse what would need more memory than there is.

    Args:
        needed: bytes.
        what: takes them, as the beginning of a sentence.
        remedy: ends it: the option that mends it.
        available: bytes there are; None asks `available_memory`.

    Raises:
        ArgumentError: it does not fit.
    """
    there = available_memory() if available is None else available
    if needed > there:
        got = "more than can be counted" if math.isinf(needed) else f"about {bytes_text(needed)}"
        raise ArgumentError(f"{what} must fit into memory, which has {bytes_text(there)} left, got {got}; {remedy}")


def check_disk(needed: float, what: str, place: Path, *, remedy: str) -> None:
    """Refuse what would need more of a disk than is free.

    Args:
        needed: bytes.
        what: takes them, as the beginning of a sentence.
        place: a path on the disk, which need not exist yet.
        remedy: ends it.

    Raises:
        OutputError: it does not fit.
    """
    there = place.absolute()
    while not there.exists():
        there = there.parent
    free = shutil.disk_usage(there).free
    if needed > free:
        raise OutputError(
            f"{what} must fit onto the disk of {place}, which has {bytes_text(free)} left, got about "
            f"{bytes_text(needed)}; {remedy}"
        )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory is full, which PyTorch does in words of its own."""
    told = str(error)
    return isinstance(error, MemoryError) or "out of memory" in told or "can't allocate memory" in told


def bytes_text(count: float) -> str:
    """Bytes as people write them: 512 bytes, 1.5 GB."""
    if count < 1000:
        return f"{count:.0f} bytes"
    for unit in ("kB", "MB", "GB", "TB"):
        count /= 1000
        if count < 1000:
            return f"{count:.2g} {unit}" if count < 10 else f"{count:.0f} {unit}"
    return f"{count:,.0f} TB"


def _of_machine(root: Path) -> int:
    """What the system can give without swapping, or half of its memory where it does not say."""
    try:
        for line in (root / "proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
    except (OSError, ValueError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, OSError, ValueError):
        return 2**32


def _of_groups(root: Path) -> Iterator[int]:
    """What each control group around this process leaves; a container is one."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            mount, names = root / "sys/fs/cgroup", ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            mount = root / "sys/fs/cgroup/memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        own = mount / path.lstrip("/")
        # Within a container its own group may be mounted as the root of all.
        for folder in {own, *own.parents, mount}:
            if folder == mount or mount in folder.parents:
                yield from _left_of_group(folder, *names)


def _left_of_group(folder: Path, limit: str, usage: str, inactive: str) -> Iterator[int]:
    try:
        most = int((folder / limit).read_text())  # "max" is no number
        used = int((folder / usage).read_text())
    except (OSError, ValueError):
        return
    if most < _UNLIMITED:
        yield most - used + _reclaimable(folder, inactive)


def _reclaimable(folder: Path, inactive: str) -> int:
    """Bytes of files in memory, which the system gives up when they are needed."""
    try:
        pairs = (line.split() for line in (folder / "memory.stat").read_text().splitlines())
        return next((int(value) for name, value in pairs if name == inactive), 0)
    except (OSError, ValueError):
        return 0


def _of_address_space(root: Path) -> Iterator[int]:
    """What `ulimit -v` and `ulimit -d` leave."""
    try:
        import resource  # not on Windows

        status = (root / "proc/self/status").read_text().splitlines()
    except (ImportError, OSError):
        return
    taken = {
        line.partition(":")[0]: 1024 * int(line.split()[1]) for line in status if line.startswith(("VmSize", "VmData"))
    }
    for kind, name in ((resource.RLIMIT_AS, "VmSize"), (resource.RLIMIT_DATA, "VmData")):
        soft, _ = resource.getrlimit(kind)
        if soft != resource.RLIM_INFINITY and name in taken:
            yield soft - taken[name]
