"""One run at a time works in a folder, and a run that was killed keeps nobody out."""

import errno
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from copyist.errors import OutputError
from copyist.training import lock as module
from copyist.training import train
from copyist.training.lock import LOCK, check_unlocked, hold_lock
from copyist.training.store import Store
from training.tiny import StoppedError, Told, same_bits, tiny

PROGRAM = Path(__file__).with_name("tiny.py")
REFUSED = r"^{} must belong to one run at a time, and another is at work in it now; wait until that one"


def silent(sentence: str) -> None:
    raise AssertionError(sentence)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("arguments", [{}, {"overwrite": True}, {"resume": True}])
def test_a_run_is_refused_before_any_work_where_another_is_at_work(tmp_path: Path, arguments: dict[str, Any]) -> None:
    run = tmp_path / "run"
    if "resume" in arguments:
        with pytest.raises(StoppedError):
            train(tiny(), out=run, observer=Told(stop_at=15))
    told = Told()
    with hold_lock(run, notify=silent):
        before = contents(run)
        with pytest.raises(OutputError, match=REFUSED.format(run)):
            train(tiny(data="there-is-no-such-source"), out=run, observer=told, **arguments)
        assert contents(run) == before
    assert told.steps == []


def test_a_run_that_began_while_the_data_was_read_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = train(tiny(steps=2), out=tmp_path / "run")
    before = contents(first.folder)
    # As if the folder had been empty when the second run looked.
    monkeypatch.setattr(Store, "check", lambda self, **_: None)
    with pytest.raises(OutputError, match=r"run holds a run already; add --resume to go on with it, or --force to"):
        train(tiny(), out=first.folder)
    assert contents(first.folder) == before


def test_a_lock_that_was_left_behind_holds_nobody_up_and_goes_with_the_next_run(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        train(tiny(), out=tmp_path / "run", observer=Told(stop_at=15))
    (tmp_path / "run" / LOCK).touch()
    check_unlocked(tmp_path / "run")
    train(tiny(), out=tmp_path / "run", resume=True)
    assert not (tmp_path / "run" / LOCK).exists()


def test_a_folder_with_nothing_but_a_lock_is_empty(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / LOCK).touch()
    assert train(tiny(steps=1), out=tmp_path / "run").model_file.exists()


def test_the_lock_is_gone_however_a_run_ends(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        train(tiny(), out=tmp_path / "run", observer=Told(stop_at=15))
    assert not (tmp_path / "run" / LOCK).exists()


def test_a_file_system_without_locks_is_told_and_does_not_stop_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Lockless:
        def __init__(self, path: Path, *, timeout: float) -> None: ...

        def acquire(self) -> None:
            raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(module, "FileLock", Lockless)
    told = Told()
    train(tiny(steps=1), out=tmp_path / "run", observer=told)
    assert told.sentences[0] == (
        f"{tmp_path / 'run'} is on a file system without locks, so that nothing keeps a second run out of it"
    )


class StopsAtOnce(Told):
    def finish_step(self, *, step: int, loss: float | None) -> None:
        raise StoppedError


def started(folder: Path, *words: str) -> "subprocess.Popen[str]":
    command = [sys.executable, str(PROGRAM), str(folder), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_step(process: "subprocess.Popen[str]", step: int) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= step:
            return
    raise AssertionError(process.stderr.read() if process.stderr else "")


@pytest.mark.slow
def test_a_second_process_is_refused_by_name_while_the_first_lives_and_not_after_it_was_killed(tmp_path: Path) -> None:
    run = tmp_path / "run"
    first = started(run, "steps=5000")
    wait_for_step(first, 20)
    for arguments in ({}, {"overwrite": True}, {"resume": True}):
        with pytest.raises(OutputError, match=REFUSED.format(run)):
            train(tiny(steps=5000), out=run, **arguments)  # pyright: ignore[reportArgumentType]
    wait_for_step(first, 40)
    first.kill()
    first.communicate()
    assert first.returncode == -signal.SIGKILL
    assert (run / LOCK).exists()
    with pytest.raises(StoppedError):
        train(tiny(steps=5000), out=run, resume=True, observer=StopsAtOnce())
    assert not (run / LOCK).exists()


TWICE = """
import os, runpy, sys
import torch._dynamo
sys.path.insert(0, {tests!r})
import training.tiny
sys.argv = {argv!r}
other, code = os.fork(), 0
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as stop:
    print(stop.code, file=sys.stderr, flush=True)
    code = 1
if not other:
    os._exit(code)
print(sorted([code, os.waitstatus_to_exitcode(os.wait()[1])]))
"""
"""Two processes that begin at once, forked where all is imported; the last line has their exit codes."""


@pytest.mark.slow
def test_of_two_processes_that_begin_at_once_one_is_refused_and_the_other_has_its_bits(tmp_path: Path) -> None:
    script = TWICE.format(tests=str(PROGRAM.parents[1]), argv=[str(PROGRAM), str(tmp_path / "run")])
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=200, check=True)
    assert done.stdout.splitlines()[-1] == "[0, 1]"
    assert "must belong to one run at a time" in done.stderr or "holds a run already" in done.stderr
    assert same_bits(tmp_path / "run", train(tiny(steps=60), out=tmp_path / "alone"))
