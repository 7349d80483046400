"""Kept memory changes no value."""

import platform
import subprocess
import sys

import pytest

_FAULTS = """
import resource, sys
from copyist.nn.memory import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
import ctypes
c = ctypes.CDLL(None)
c.malloc.restype = ctypes.c_void_p
c.malloc.argtypes = [ctypes.c_size_t]
c.free.argtypes = [ctypes.c_void_p]
def touch():
    place = c.malloc(16 * 2**20)
    ctypes.memset(place, 1, 16 * 2**20)
    c.free(place)
touch(); touch()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    touch(), touch()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the option is glibc's")
def test_kept_memory_is_not_asked_of_the_system_again() -> None:
    found = subprocess.run([sys.executable, "-c", _FAULTS, "keep"], capture_output=True, text=True, check=True)
    # A block of 16 MiB has 4096 pages: less than one block's worth of faults over 40 of them.
    assert int(found.stdout) < 4096
