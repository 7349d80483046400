"""Many files at once: read in threads and kept in order, and refused when more than a few cannot be read."""

__all__ = ["Progress", "ignore", "map_in_order", "map_stream", "reason_of", "report_unreadable"]

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Protocol, TypeVar, cast

from copyist.errors import DataError

MOST_UNREADABLE = 0.01
"""When a larger share of files cannot be read, something is wrong with all of them."""

MOST_AT_ONCE = 2**25
"""Values that `map_stream` holds beside what its consumer holds: 32 megapixels of one channel."""

MOST_WAITING = 128
"""Items that `map_stream` holds at most, however small they are: a few batches of the usual size."""

_S = TypeVar("_S")
_T = TypeVar("_T")


class Progress(Protocol):
    """Called with the number of items done, and of all."""

    def __call__(self, done: int, total: int, /) -> None: ...


def map_in_order(
    work: Callable[[int], _T], count: int, *, chunk: int = 32, progress: Progress | None = None
) -> Iterator[_T]:
    """Yield `work` of items 0 … count − 1 in their order, done in threads; Pillow decodes without the interpreter lock.

    At most two chunks per thread are computed ahead of the consumer, so that results need not all fit into memory.

    Args:
        work: called from several threads.
        count: how many items there are.
        chunk: items that one thread does in a row; 1 where each takes long.
        progress: called after each chunk.
    """
    num_threads = min(8, os.cpu_count() or 1)
    starts = iter(range(0, count, chunk))

    def work_through(start: int) -> list[_T]:
        return [work(index) for index in range(start, min(start + chunk, count))]

    with ThreadPoolExecutor(num_threads) as pool:
        ahead: deque[Future[list[_T]]] = deque()
        done = 0
        try:
            ahead.extend(pool.submit(work_through, start) for start in islice(starts, 2 * num_threads))
            while ahead:
                results = ahead.popleft().result()
                ahead.extend(pool.submit(work_through, start) for start in islice(starts, 1))
                yield from results
                done += len(results)
                if progress is not None:
                    progress(done, count)
        finally:
            for future in ahead:
                future.cancel()


def map_stream(
    work: Callable[[_S], _T],
    items: Iterable[_S],
    *,
    size: Callable[[_S], int],
    ahead: bool,
    most: int = MOST_AT_ONCE,
) -> Generator[_T, None, None]:
    """Yield `work` of each item in their order, done in threads, with a bounded number of them in memory.

    What reads, computes and writes is a chain of two of these: one ahead of who computes, whose items cost nothing
    (names of what is to be read), and one behind, whose items are computed as they are taken (what is to be written).
    While a batch is computed, the next is read and the one before is written.

    `work` is to leave PyTorch's own threads alone, as NumPy and Pillow do: each thread that calls an operation of more
    than 32,768 values starts as many of them as there are cores, which then wait for work at full speed.

    Args:
        work: called from several threads.
        items: taken one by one, when there is room. A generator is closed with the stream.
        size: of an item, or of its result, in values.
        ahead: whether as many items as there is room for are taken before a result is given; else a result that is
            there is given before the next item is taken.
        most: the sum of the sizes that is worked on or waits to be taken; a larger item is worked on alone.
    """
    with ThreadPoolExecutor(min(32, os.cpu_count() or 1)) as pool:
        pending: deque[tuple[Future[_T], int]] = deque()
        held = 0
        try:
            for item in items:
                own = size(item)
                while pending and (
                    held + own > most or len(pending) >= MOST_WAITING or (not ahead and pending[0][0].done())
                ):
                    future, freed = pending.popleft()
                    held -= freed
                    yield future.result()
                    del future
                pending.append((pool.submit(work, item), own))
                held += own
                del item
            while pending:
                yield pending.popleft()[0].result()
        finally:
            for future, _ in pending:
                future.cancel()
            if isinstance(items, Generator):
                cast("Generator[_S, None, None]", items).close()


def reason_of(error: Exception) -> str:
    """Why a file cannot be read, in a few words."""
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)


def report_unreadable(
    failures: Sequence[str], total: int, *, noun: str, place: str | None = None, say: Callable[[str], None]
) -> None:
    """Name the files that cannot be read, and refuse all when there are more than 1 % of them.

    Args:
        failures: each as `name (reason)`.
        total: how many files there are, with those.
        noun: what they are called: files or pictures.
        place: the folder or archive that holds all of them.
        say: takes the notice, one sentence; nothing is said when all can be read.

    Raises:
        DataError: more than 1 % cannot be read.
    """
    if not failures:
        return
    first = ", ".join(failures[:3]) + (", …" if len(failures) > 3 else "")
    if len(failures) > MOST_UNREADABLE * total:
        raise DataError(
            f"at most 1 % of the {noun}{f' of {place}' if place else ''} may be unreadable, got {len(failures)} of "
            f"{total}: {first}; remove or repair them"
        )
    say(f"left out {len(failures)} of {total} {noun} that cannot be read: {first}")


def ignore(notice: str) -> None:
    """Discard a notice: the default where no function is given."""
