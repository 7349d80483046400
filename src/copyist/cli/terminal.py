"""What a user sees: progress and notes on stderr, results on stdout."""

__all__ = ["TrainingBar", "WholeBar", "bar", "counting", "say", "show", "time_left"]

import contextlib
import json
import math
import sys
import time
from collections.abc import Callable, Generator, Mapping
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

_PATIENCE = 5.0
"""Seconds between lines of progress in a log."""

_ERRORS = Console(stderr=True, highlight=False, soft_wrap=True)


def say(sentence: str) -> None:
    """One sentence on stderr."""
    _ERRORS.print(f"note: {sentence}", style="yellow", markup=False)


def show(text: str, result: Mapping[str, Any], *, as_json: bool) -> None:
    """The result on stdout: text for people, or one JSON object."""
    sys.stdout.write((json.dumps(dict(result)) if as_json else text) + "\n")


@contextlib.contextmanager
def bar(description: str) -> Generator[Callable[[int, int], None], None, None]:
    """A bar with the time left, or lines in a log; its function is called with the number done and the total."""
    with _progress() as progress:
        task = progress.add_task(description, total=None)
        told = time.monotonic()

        def update(done: int, total: int) -> None:
            nonlocal told
            progress.update(task, completed=done, total=total)
            if not _ERRORS.is_terminal and time.monotonic() - told >= _PATIENCE:
                told = time.monotonic()
                _ERRORS.print(f"{description}: {done} of {total}", markup=False)

        yield update


@contextlib.contextmanager
def counting(description: str) -> Generator[Callable[[str, int, int], None], None, None]:
    """A bar of things that take unlike times, so without the time left; each is named when it is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_ERRORS, disable=not _ERRORS.is_terminal) as progress:
        task = progress.add_task(description, total=None)

        def update(what: str, done: int, total: int) -> None:
            _ERRORS.print(f"{done} of {total}: {what}", markup=False)
            progress.update(task, completed=done, total=total)

        yield update


class TrainingBar:
    """A bar over the steps of a run; an observer of training, and a context."""

    def __init__(self, description: str) -> None:
        self._progress = _progress(TextColumn("{task.fields[loss]}"))
        self._name = self._description = description
        self._reading: TaskID | None = None

    def __enter__(self) -> "TrainingBar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def report_reading(self, done: int, total: int) -> None:
        """Files are decoded."""
        if self._reading is None:
            self._reading = self._progress.add_task("reading images", total=total, loss="")
        self._progress.update(self._reading, completed=done, total=total)

    def begin_phase(self, name: str) -> None:
        """A part of the run is named."""
        self._description = f"{self._name}, {name}"

    def begin_steps(self, *, step: int, steps: int) -> None:
        """The run begins, or goes on."""
        # The steps of an earlier part are no measure of this one's speed, so the bar starts where the run does.
        self._steps = steps
        self._task = self._progress.add_task(self._description, total=steps, completed=step, loss="")

    def finish_step(self, *, step: int, loss: float | None) -> None:
        """Steps are taken."""
        text = "" if loss is None else f"loss {loss:.5f}"
        # Losses are looked at every ten steps, and no line is to repeat that of the one before.
        every = 10 * max(1, math.ceil(self._steps / 100))
        if not _ERRORS.is_terminal and text and (step % every == 0 or step == self._steps):
            _ERRORS.print(f"{self._description}: step {step} of {self._steps}, {text}", markup=False)
        self._progress.update(self._task, completed=step, loss=text)

    def notify(self, sentence: str) -> None:
        """Something happened."""
        say(sentence)


class WholeBar:
    """One bar over work of several parts, with the time left for all of it; a context."""

    def __init__(self) -> None:
        self._progress = Progress(
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[left]}"),
            TextColumn("{task.description}"),
            console=_ERRORS,
            disable=not _ERRORS.is_terminal,
        )

    def __enter__(self) -> "WholeBar":
        self._start = self._told = time.monotonic()
        self._task = self._progress.add_task("", total=1.0, left="")
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def report_progress(self, share: float, part: str) -> None:
        """`share` of the whole in [0, 1] is done, and this part is being done."""
        left = time_left(time.monotonic() - self._start, share)
        self._progress.update(self._task, completed=share, description=part, left=left)
        if not _ERRORS.is_terminal and time.monotonic() - self._told >= 2 * _PATIENCE:
            self._told = time.monotonic()
            _ERRORS.print(", ".join(filter(None, (f"{100 * share:.0f} %", left, part))), markup=False)

    def notify(self, sentence: str) -> None:
        """Something the user should know."""
        say(sentence)


def time_left(elapsed: float, share: float) -> str:
    """In words, how long the rest takes if it goes on as it did; nothing while too little is done to tell.

    Args:
        elapsed: seconds since the work began.
        share: of it that is done, in [0, 1].
    """
    if share < 0.03:
        return ""
    seconds = elapsed / share * (1 - share)
    if seconds < 20:
        return "some seconds left"
    return f"about {10 * round(seconds / 10)} s left" if seconds < 100 else f"about {round(seconds / 60)} min left"


def _progress(*more: TextColumn) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        *more,
        console=_ERRORS,
        # A log file gets sentences, not bars.
        disable=not _ERRORS.is_terminal,
    )
