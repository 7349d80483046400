"""One share of the whole demo, and the time that is left."""

import pytest

from copyist.cli.terminal import time_left
from copyist.demo.progress import StepsTaken, WholeProgress


class Seen:
    def __init__(self) -> None:
        self.shares: list[tuple[float, str]] = []
        self.sentences: list[str] = []

    def report_progress(self, share: float, part: str) -> None:
        self.shares.append((share, part))

    def notify(self, sentence: str) -> None:
        self.sentences.append(sentence)


def test_the_share_of_the_whole_is_in_proportion_to_what_parts_are_expected_to_take() -> None:
    seen = Seen()
    progress = WholeProgress({"a": 30.0, "b": 10.0}, seen)
    with progress.part("a") as update:
        update(1, 2)
    with progress.part("b") as update:
        update(3, 4)
    assert seen.shares == [(0.0, "a"), (0.375, "a"), (0.75, "a"), (0.75, "b"), (0.9375, "b"), (1.0, "b")]
    assert list(progress.seconds) == ["a", "b"]


def test_the_steps_of_several_trainings_count_as_one() -> None:
    counted: list[tuple[int, int]] = []
    seen = Seen()
    steps = StepsTaken(lambda done, of: counted.append((done, of)), total=30, notify=seen.notify)
    for length in (10, 20):
        steps.begin_steps(step=0, steps=length)
        steps.finish_step(step=length // 2, loss=None)
        steps.end_training()
    steps.notify("said")
    assert counted == [(5, 30), (20, 30)]
    assert seen.sentences == ["said"]


@pytest.mark.parametrize(
    ("elapsed", "share", "words"),
    [
        (5.0, 0.01, ""),
        (60.0, 0.25, "about 3 min left"),
        (60.0, 0.5, "about 60 s left"),
        (90.0, 0.9, "some seconds left"),
    ],
)
def test_the_time_left_is_what_the_rest_takes_at_the_same_pace(elapsed: float, share: float, words: str) -> None:
    assert time_left(elapsed, share) == words
