"""Work shared by Ray itself, where the extra is installed."""

import os
import signal
from pathlib import Path

import pytest

from copyist.errors import ArgumentError, JobError
from copyist.jobs import on_backend, run_jobs

pytest.importorskip("ray")


def double(number: int) -> int:
    return 2 * number


def end_from_outside(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def refuse(number: int) -> None:
    raise ArgumentError(f"numbers must be even, got {number}")


@pytest.fixture(autouse=True)
def found_by_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray's processes import this module by name."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


@pytest.mark.slow
def test_what_fails_or_dies_in_a_process_of_ray_is_one_sentence_here() -> None:
    with on_backend("ray"):
        assert sorted(run_jobs(double, [(number,) for number in range(5)], jobs=2)) == [0, 2, 4, 6, 8]
        with pytest.raises(ArgumentError, match=r"^numbers must be even, got [13]$"):
            list(run_jobs(refuse, [(1,), (3,)], jobs=2))
        with pytest.raises(JobError, match=r"was ended from outside, .* take fewer at once"):
            list(run_jobs(end_from_outside, [(1,), (2,)], jobs=2))
