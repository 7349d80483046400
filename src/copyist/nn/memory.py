"""Freed memory, kept for the next step instead of being handed back to the system."""

__all__ = ["keep_freed_memory"]

import ctypes
import platform
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Numbers of the two options in glibc's malloc.h."""

_LARGEST_MMAP_THRESHOLD = 32 * 1024**2
"""Glibc takes no more on a 64-bit machine."""


@cache
def keep_freed_memory() -> bool:
    """Ask the allocator, for the rest of the process, to keep what is freed; whether it agreed.

    A step of training allocates the same maps again and again. By default glibc returns large ones to the system, and
    the system hands them out again filled with zeros, page by page, which costs more than many a layer. Values do not
    change, nor does the largest amount of memory held. Other allocators are left as they are.
    """
    if platform.system() != "Linux" or platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(_TRIM_THRESHOLD, 2**31 - 1)) and bool(mallopt(_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD))
