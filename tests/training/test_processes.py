"""Runs as processes of their own: killed, interrupted, without room on the disk, and two of them sharing one run."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from copyist.checkpoint import read_tensors
from copyist.errors import OutputError
from copyist.models import UNetConfig
from copyist.training import read_history, train
from training.tiny import Told, same_bits, tiny

PROGRAM = Path(__file__).with_name("tiny.py")
STEPS = 200


def started(folder: Path, *words: str) -> "subprocess.Popen[str]":
    command = [sys.executable, str(PROGRAM), str(folder), f"steps={STEPS}", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_step(process: "subprocess.Popen[str]", step: int) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= step:
            return
    raise AssertionError(process.stderr.read() if process.stderr else "")


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    _, errors = process.communicate(timeout=100)
    return process.returncode, errors


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nobody disturbed."""
    return train(tiny(steps=STEPS), out=tmp_path_factory.mktemp("alone") / "run").folder


# Two hundred more, over many recipes, are what tests/kill_points.py does.
@pytest.mark.slow
@pytest.mark.parametrize("step", [3, 90])
def test_a_run_killed_at_a_random_moment_and_resumed_has_the_bits_of_one_that_was_not(
    tmp_path: Path, alone: Path, step: int
) -> None:
    process = started(tmp_path / "run")
    wait_for_step(process, step)
    time.sleep(random.Random(step).uniform(0, 0.2))
    process.kill()
    assert ended(process)[0] == -signal.SIGKILL
    resumed = train(tiny(steps=STEPS), out=tmp_path / "run", resume=True)
    assert same_bits(resumed, alone)
    assert not list(resumed.folder.rglob(".*.part"))


@pytest.mark.slow
def test_ctrl_c_ends_a_run_with_one_sentence_and_it_resumes_to_the_same_bits(tmp_path: Path, alone: Path) -> None:
    process = started(tmp_path / "run")
    wait_for_step(process, 50)
    process.send_signal(signal.SIGINT)
    code, said = ended(process)
    assert code == 1
    assert said.startswith("interrupted after ")
    assert said.endswith("; they are kept, and --resume goes on from there\n")
    assert said.count("\n") == 1
    assert same_bits(train(tiny(steps=STEPS), out=tmp_path / "run", resume=True), alone)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own with room for two megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], check=False)
    if mounted.returncode:
        pytest.skip("only root may mount a disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path, *, but: int) -> None:
    """Leave so many bytes."""
    room = os.statvfs(disk)
    (disk / "ballast").write_bytes(bytes(max(0, room.f_bavail * room.f_frsize - but)))


class Filling(Told):
    """Fills the disk at a step."""

    def __init__(self, disk: Path, *, at: int, but: int) -> None:
        super().__init__()
        self.disk, self.at, self.but = disk, at, but

    def finish_step(self, *, step: int, loss: float | None) -> None:
        if step == self.at:
            fill(self.disk, but=self.but)


@pytest.mark.parametrize("but", [0, 4096, 20_000])
def test_a_disk_that_is_full_ends_a_run_with_one_sentence_and_keeps_the_last_good_files(
    small_disk: Path, tmp_path: Path, but: int
) -> None:
    recipe = tiny(model=UNetConfig(width=8, levels=2))
    with pytest.raises(OutputError) as caught:
        train(recipe, out=small_disk / "run", observer=Filling(small_disk, at=15, but=but))
    assert "could not be written (" in str(caught.value)
    assert "\n" not in str(caught.value)
    document, _ = read_tensors(small_disk / "run" / "state" / "state.safetensors")
    assert document["counters"]["step"] == 10
    assert [row.step for row in read_history(small_disk / "run" / "history.csv")] == [10]
    assert not list(small_disk.rglob(".*.part"))
    (small_disk / "ballast").unlink()
    resumed = train(recipe, out=small_disk / "run", resume=True)
    assert same_bits(resumed, train(recipe, out=tmp_path / "alone"))


def test_a_disk_that_is_full_from_the_start_is_told(small_disk: Path) -> None:
    fill(small_disk, but=0)
    with pytest.raises(OutputError, match=r"could not be written \("):
        train(tiny(), out=small_disk / "run")
