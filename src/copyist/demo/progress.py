"""How far the whole demo has come, as one share, and how long each part of it took."""

__all__ = ["StepsTaken", "Watch", "WholeProgress"]

import contextlib
import time
from collections.abc import Callable, Generator, Mapping
from typing import Protocol, final

from copyist.training import Observer


class Watch(Protocol):
    """An observer of the demo."""

    def report_progress(self, share: float, part: str) -> None:
        """`share` of the whole in [0, 1] is done, and this part is being done."""
        ...

    def notify(self, sentence: str) -> None:
        """Something the user should know."""
        ...


@final
class WholeProgress:
    """One share of the whole, from parts that are expected to take unlike times."""

    def __init__(self, expected: Mapping[str, float], watch: Watch) -> None:
        """Begin with nothing done.

        Args:
            expected: seconds for each part, by its name; only their proportions matter.
            watch: is told of each advance.
        """
        self._expected, self._watch = expected, watch
        self._before = 0.0
        self.seconds: dict[str, float] = {}
        """How long each part that is over took."""

    @contextlib.contextmanager
    def part(self, name: str) -> Generator[Callable[[int, int], None], None, None]:
        """A part of the work; the function is called with how much of it is done, and the total."""
        total, start = sum(self._expected.values()), time.perf_counter()

        def update(done: int, of: int) -> None:
            self._watch.report_progress((self._before + self._expected[name] * done / of) / total, name)

        update(0, 1)
        yield update
        update(1, 1)
        self._before += self._expected[name]
        self.seconds[name] = time.perf_counter() - start


@final
class StepsTaken(Observer):
    """Hands the steps of several trainings, one after the other, to one function."""

    def __init__(self, update: Callable[[int, int], None], *, total: int, notify: Callable[[str], None]) -> None:
        """Begin before the first training.

        Args:
            update: is called with the steps taken in all, and the total.
            total: steps of all trainings together.
            notify: takes sentences.
        """
        self._update, self._total, self._notify = update, total, notify
        self._before = self._last = 0

    def begin_steps(self, *, step: int, steps: int) -> None:
        """The next training begins, or goes on."""
        self._last = steps

    def finish_step(self, *, step: int, loss: float | None) -> None:
        """`step` of its steps are taken."""
        self._update(self._before + step, self._total)

    def end_training(self) -> None:
        """One training is over."""
        self._before += self._last

    def notify(self, sentence: str) -> None:
        """Something happened."""
        self._notify(sentence)
