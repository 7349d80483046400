"""Many files: in order, not far ahead of who asks, and all but a few readable."""

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copyist.errors import DataError
from copyist.files.bulk import MOST_WAITING, map_in_order, map_stream, report_unreadable

NUM_THREADS = min(8, os.cpu_count() or 1)


@given(st.integers(0, 40), st.integers(1, 9))
def test_a_map_in_threads_is_the_map(count: int, chunk: int) -> None:
    told: list[tuple[int, int]] = []
    results = map_in_order(lambda index: index**2, count, chunk=chunk, progress=lambda *done: told.append(done))
    assert list(results) == [index**2 for index in range(count)]
    assert told == [(min(end, count), count) for end in range(chunk, count + chunk, chunk)]


def test_work_is_done_at_most_two_chunks_per_thread_ahead_and_ends_with_who_asks() -> None:
    begun: list[int] = []
    results = map_in_order(lambda index: (begun.append(index), index)[1], 1000, chunk=3)
    for taken in range(1, 31):
        assert next(results) == taken - 1
        chunks_taken = -(-taken // 3)
        assert len(begun) <= 3 * (chunks_taken + 2 * NUM_THREADS)
    results.close()  # pyright: ignore[reportAttributeAccessIssue]
    assert len(begun) <= 30 + 3 * 2 * NUM_THREADS


def test_an_error_arrives_at_its_place() -> None:
    results = map_in_order(lambda index: 1 / (index - 2), 100, chunk=1)
    assert [next(results), next(results)] == [-0.5, -1.0]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_one_in_a_hundred_may_be_unreadable_and_no_more() -> None:
    said: list[str] = []
    report_unreadable([], 5, noun="files", say=said.append)
    report_unreadable(["a.png (empty)"], 100, noun="files", say=said.append)
    assert said == ["left out 1 of 100 files that cannot be read: a.png (empty)"]
    with pytest.raises(DataError, match=r"^at most 1 % of the files of in may be unreadable, got 2 of 199: a, b; remo"):
        report_unreadable(["a", "b"], 199, noun="files", place="in", say=said.append)


def test_a_stream_keeps_its_order_and_bounds_what_waits() -> None:
    begun: list[int] = []

    def items() -> Iterator[int]:
        for item in range(50):
            begun.append(item)
            yield item

    for taken, result in enumerate(
        map_stream(lambda item: 2 * item, items(), size=lambda item: 10, ahead=True, most=35)
    ):
        assert result == 2 * taken
        # Three of ten values fit, and one more is made to be put in their place.
        assert len(begun) <= taken + 5
    assert begun == list(range(50))


def test_what_is_larger_than_all_that_may_wait_is_worked_on_alone() -> None:
    at_work, most = Counter[str](), list[int]()
    lock = threading.Lock()

    def work(item: int) -> int:
        with lock:
            at_work["now"] += 1
            most.append(at_work["now"])
        time.sleep(0.002)
        with lock:
            at_work["now"] -= 1
        return item

    assert list(map_stream(work, range(12), size=lambda item: 100, ahead=True, most=50)) == list(range(12))
    assert set(most) == {1}


def test_an_error_in_a_stream_comes_at_its_place_and_ends_it() -> None:
    done: list[int] = []

    def work(item: int) -> int:
        done.append(item)
        if item == 3:
            raise ValueError("third")
        return item

    results = map_stream(work, range(1000), size=lambda item: 1, ahead=True)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="third"):
        next(results)
    assert len(done) <= 4 + MOST_WAITING


def test_what_is_read_ahead_is_read_while_its_consumer_computes() -> None:
    read = Counter[int]()
    results = map_stream(lambda item: read.update([item]), range(1000), size=lambda item: 1, ahead=True, most=60)
    next(results)
    wait_for(lambda: len(read) == 60)
    next(results)
    wait_for(lambda: len(read) == 61)
    results.close()
    assert len(read) == 61


def test_what_is_written_behind_is_told_before_the_next_but_one_is_made() -> None:
    made, written = list[int](), list[int]()

    def items() -> Iterator[int]:
        for item in range(6):
            wait_for(lambda: written == made)
            made.append(item)
            yield item

    for done in map_stream(lambda item: (written.append(item), item)[1], items(), size=lambda item: 1, ahead=False):
        # One that is written may be told of only after the next is made.
        assert len(made) <= done + 3


def test_who_makes_the_items_is_told_when_a_stream_ends_early() -> None:
    ended: list[str] = []

    def items() -> Iterator[int]:
        try:
            yield from range(1000)
        finally:
            ended.append("closed")

    made = items()  # While it is held here, only the stream can have closed it.
    results = map_stream(lambda item: item, made, size=lambda item: 1, ahead=True)
    assert next(results) == 0
    results.close()
    assert ended == ["closed"]
    assert next(made, None) is None


def wait_for(holds: Callable[[], bool]) -> None:
    """Wait until what threads bring about is so, for ten seconds at most."""
    until = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.001)
