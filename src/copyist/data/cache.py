"""Decoded examples in memory, or, where they do not fit, in one mapped file that the next run finds again."""

__all__ = ["Materialized", "cache_folder", "kept_in_files", "materialize", "memory_limit"]

import contextlib
import json
import os
from collections.abc import Callable, Generator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from copyist.files.bulk import Progress, map_in_order
from copyist.memory import available_memory, check_disk, check_memory
from copyist.outputs import whole_file, write_text

_MEMORY_SHARE = 0.25
"""Of the memory that is free, what decoded examples may take before they go to a file."""

_own_folder: ContextVar[Path | None] = ContextVar("own_folder", default=None)
"""Where all that is cached goes, examples of any size among it; None leaves it to what is free."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Materialized:
    """Rows of all items that could be read."""

    array: npt.NDArray[Any]
    """(N, C, H, W), without the rows of those that failed."""

    failures: dict[int, str]
    """Why an item could not be read, by its index."""


def materialize(
    counts: Sequence[int],
    shape: tuple[int, int, int],
    dtype: npt.DTypeLike,
    *,
    make: Callable[[int], npt.NDArray[Any] | str],
    key: str,
    progress: Progress | None = None,
) -> Materialized:
    """Decode the rows of all items in parallel: into memory, or once and for all into the cache folder.

    Args:
        counts: how many rows each item gives: more than one where it is cut into tiles.
        shape: (C, H, W) of a row.
        dtype: of all rows.
        make: item to its rows (R, C, H, W), or to the reason why it cannot be read; called from several threads.
        key: names content and options; equal keys must mean equal rows.
        progress: called with the number of items done.

    Raises:
        ArgumentError: one image alone does not fit into memory.
        OutputError: all do not fit into memory nor onto the disk of the cache folder, or it cannot be written.
    """
    full_shape = (sum(counts), *shape)
    needed = np.prod(full_shape, dtype=np.float64) * np.dtype(dtype).itemsize
    size = f"{shape[1]}x{shape[2]}"
    # One image is scaled in float32, beside what it is scaled from.
    check_memory(
        2 * 4.0 * np.prod(shape, dtype=np.float64), f"an image of {size}", remedy="take smaller ones (?size=64)"
    )
    if needed <= memory_limit():
        array = np.empty(full_shape, dtype=dtype)
        failures = _fill(array, counts, make, progress)
        return Materialized(array=array[: _num_rows(counts, failures)], failures=failures)
    path = cache_folder() / f"{key}.npy"
    record = path.with_suffix(".json")
    if not (record.exists() and path.exists()):
        what, fewer = f"{full_shape[0]} images of {size}", "take smaller ones (?size=64) or fewer (?limit=1000)"
        check_disk(needed, what, path.parent, remedy=f"{fewer}, or set COPYIST_CACHE to a folder on a larger disk")
        with whole_file(path) as temporary:
            mapped = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.dtype(dtype), shape=full_shape)
            failures = _fill(mapped, counts, make, progress)
            mapped.flush()
            del mapped
        # The record is written last: where it stands, the array is whole. What failed may be read another time: the key
        # is of what the files hold, which a disk that fails for a moment does not change.
        if failures:
            record.unlink(missing_ok=True)
        else:
            write_text(record, json.dumps(failures))
    else:
        failures = {int(index): str(reason) for index, reason in json.loads(record.read_text()).items()}
    return Materialized(array=np.load(path, mmap_mode="r")[: _num_rows(counts, failures)], failures=failures)


def cache_folder() -> Path:
    """Where decoded examples are kept: `COPYIST_CACHE`, or `copyist` in the user's cache folder."""
    if asked := _own_folder.get():
        return asked
    if own := os.environ.get("COPYIST_CACHE"):
        return Path(own)
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else Path.home() / ".cache") / "copyist"


def memory_limit() -> int:
    """How many bytes of examples are held in memory at most."""
    return 0 if _own_folder.get() else int(_MEMORY_SHARE * available_memory())


@contextlib.contextmanager
def kept_in_files(folder: Path) -> Generator[None, None, None]:
    """Context manager: sources that this thread opens are kept as mapped files in a folder, whatever memory is free."""
    token = _own_folder.set(folder)
    try:
        yield
    finally:
        _own_folder.reset(token)


def _fill(
    array: npt.NDArray[Any],
    counts: Sequence[int],
    make: Callable[[int], npt.NDArray[Any] | str],
    progress: Progress | None,
) -> dict[int, str]:
    """Fill `array` from its start, closing the gaps of items that fail."""
    starts = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])

    def work(index: int) -> str | None:
        rows = make(index)
        if isinstance(rows, str):
            return rows
        array[starts[index] : starts[index + 1]] = rows
        return None

    reasons = enumerate(map_in_order(work, len(counts), progress=progress))
    failures = {index: reason for index, reason in reasons if reason is not None}
    if failures:
        end = 0
        for index, count in enumerate(counts):
            if index not in failures:
                array[end : end + count] = array[starts[index] : starts[index] + count]
                end += count
    return failures


def _num_rows(counts: Sequence[int], failures: dict[int, str]) -> int:
    return sum(count for index, count in enumerate(counts) if index not in failures)
