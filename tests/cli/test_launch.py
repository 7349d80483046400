"""`copyist train --devices 2`: one command, two processes, and one sentence when that cannot go on."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

import copyist as library
from cli.conftest import copyist
from copyist.checkpoint import read_tensors
from copyist.cli.launch import _failure
from copyist.devices import one_thread

SETTINGS = ("width=2", "levels=2", "batch_size=8", "precision=float32")
RUN = ["train", "unet", *(word for each in SETTINGS for word in ("--set", each))]


@pytest.fixture
def two(tmp_path: Path) -> list[str]:
    """The command that trains on a few images in two processes."""
    images = np.random.default_rng(0).integers(0, 256, (40, 16, 16), dtype=np.uint8)
    np.save(tmp_path / "images.npy", images)
    return [sys.executable, "-m", "copyist", *RUN, "--data", str(tmp_path / "images.npy"), "--devices", "2"]


def kept_step(folder: Path) -> int:
    return int(read_tensors(folder / "state" / "state.safetensors")[0]["counters"]["step"])


@pytest.mark.slow
def test_two_processes_train_the_model_of_one(tmp_path: Path, two: list[str]) -> None:
    line = [*two, "--steps", "3", "--json", "--out", str(tmp_path / "two")]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["steps"] == 3
    line = ["--data", str(tmp_path / "images.npy"), "--steps", "3", "--out", str(tmp_path / "one")]
    assert copyist(*RUN, *line).code == 0
    shared, alone = (library.load(tmp_path / name) for name in ("two", "one"))
    assert shared.batch_size == alone.batch_size == 8
    for ours, theirs in zip(shared.parameters(), alone.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-5)


@pytest.mark.slow
def test_when_one_of_two_processes_is_killed_the_other_ends_in_a_minute_and_the_run_goes_on_from_good_files(
    tmp_path: Path, two: list[str]
) -> None:
    folder = tmp_path / "run"
    line = [*two, "--steps", "600", "--set", "save_every=20", "--out", str(folder)]
    with subprocess.Popen(line, stderr=subprocess.PIPE, text=True) as whole:
        assert whole.stderr is not None
        assert "step" in whole.stderr.readline()
        started = [each for each in psutil.Process(whole.pid).children() if "copyist" in each.cmdline()]
        assert len(started) == 2
        second = next(each for each in started if each.environ()["RANK"] == "1")
        second.kill()
        killed = time.monotonic()
        *steps, sentence = whole.stderr.read().splitlines()
    assert time.monotonic() - killed < 60
    assert whole.returncode == 1
    assert sentence == (
        "copyist: process 1 of the 2 of this run was ended by SIGKILL, and the others with it; what the run has saved "
        "is kept, and --resume goes on from there"
    )
    assert all("step" in said for said in steps)
    assert not any(each.is_running() for each in started)
    step = kept_step(folder)
    assert step >= 20
    assert step % 20 == 0
    assert copyist("train", "--resume", "--steps", step + 5, "--out", folder).code == 0
    assert kept_step(folder) == step + 5


@pytest.mark.slow
def test_a_signal_ends_both_processes_at_the_same_step_and_keeps_it(tmp_path: Path, two: list[str]) -> None:
    folder = tmp_path / "run"
    with subprocess.Popen([*two, "--steps", "600", "--out", str(folder)], stderr=subprocess.PIPE, text=True) as whole:
        assert whole.stderr is not None
        assert "step" in whole.stderr.readline()
        os.kill(whole.pid, signal.SIGTERM)
        *_, sentence = whole.stderr.read().splitlines()
    assert whole.returncode == 128 + signal.SIGTERM
    step = kept_step(folder)
    assert sentence == f"copyist: interrupted after {step} steps; they are kept, and --resume goes on from there"


def test_a_refusal_of_several_processes_is_said_once_and_before_what_followed_from_it(tmp_path: Path) -> None:
    def failed(**said: tuple[str, int]) -> str:
        for rank, (sentence, code) in said.items():
            (tmp_path / rank[1:]).write_text(json.dumps({"sentence": sentence, "code": code}))
        return str(_failure({0: -signal.SIGTERM, 1: 1}, tmp_path, devices=2, nodes=1, aftermath="it is lost"))

    lost = "another process of this run has ended, and this one with it; it is lost"
    killed = "process 0 of the 2 of this run was ended by SIGTERM, and the others with it; it is lost"
    assert failed() == killed
    assert (
        failed(
            _1=("the disk is full", 1),
            _0=(lost, 1),
        )
        == "the disk is full"
    )
    assert failed(_1=("interrupted after 3 steps", 143)).startswith("process 0 of the 2 ")
    assert failed(_0=("it is refused", 1), _1=("it is refused", 1)) == "it is refused"


def test_processes_that_there_cannot_be_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = (*RUN, "--out", tmp_path / "run")
    assert copyist(*line, "--devices", 0).sentence == "--devices must be at least 1, got 0; leave it out for one"
    assert copyist(*line, "--nodes", 0).sentence == "--nodes must be at least 1, got 0; leave it out for one"
    monkeypatch.setattr("torch.cuda.device_count", lambda: 3)
    assert copyist(*line, "--devices", 4).sentence == (
        "--devices must be at most what this machine has, 3 GPUs, got 4; take --devices 3"
    )
    assert not (tmp_path / "run").exists()


def test_several_machines_must_know_where_to_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = (*RUN, "--nodes", 2, "--out", tmp_path / "run")
    assert copyist(*line).sentence.startswith(
        "several nodes must know where to meet, and MASTER_ADDR, MASTER_PORT, NODE_RANK are not set; "
    )
    monkeypatch.setenv("MASTER_ADDR", "first.example")
    monkeypatch.setenv("MASTER_PORT", "29500")
    monkeypatch.setenv("NODE_RANK", "2")
    assert copyist(*line).sentence == ("NODE_RANK must be a whole number from 0 to 1, got '2'; set it on each node")


DIFFUSION = ["diffusion", "--set", "width=4", "--set", "levels=2", "--set", "embedding=8", "--set", "batch_size=4"]


@pytest.fixture(scope="module")
def diffusion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a model to sample."""
    folder = tmp_path_factory.mktemp("diffusion") / "run"
    line = ["--data", "digits?limit=100", "--steps", 2, "--out", folder]
    assert copyist("train", *DIFFUSION, *line).code == 0
    return folder


@pytest.mark.slow
def test_two_processes_draw_the_samples_of_one_in_order(diffusion: Path, tmp_path: Path) -> None:
    # Five batches, of which the last is not full.
    line = ["sample", str(diffusion), "--count", "18", "--steps", "3", "--seed", "5"]
    words = [*line, "--devices", "2", "--json", "--out", str(tmp_path / "two.npy")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "copyist", *words], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["images"] == 18
    with one_thread():
        assert copyist(*line, "--out", tmp_path / "one.npy").code == 0
    two, one = (np.load(tmp_path / name) for name in ("two.npy", "one.npy"))
    np.testing.assert_array_equal(two, one)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.npy", "two.npy"]


@pytest.mark.slow
def test_when_one_of_two_processes_that_sample_is_killed_nothing_is_written(diffusion: Path, tmp_path: Path) -> None:
    line = ["sample", str(diffusion), "--count", "40000", "--devices", "2", "--out", str(tmp_path / "samples")]
    with subprocess.Popen([sys.executable, "-m", "copyist", *line], stderr=subprocess.PIPE, text=True) as whole:
        assert whole.stderr is not None
        while not list(tmp_path.glob(".samples.*.part/*.png")):
            assert whole.poll() is None, whole.stderr.read()
            time.sleep(0.1)
        started = [each for each in psutil.Process(whole.pid).children() if "copyist" in each.cmdline()]
        next(each for each in started if each.environ()["RANK"] == "1").kill()
        *_, sentence = whole.stderr.read().splitlines()
    assert whole.returncode == 1
    assert sentence == (
        "copyist: process 1 of the 2 of this run was ended by SIGKILL, and the others with it; nothing is written; "
        "give the command again"
    )
    assert not list(tmp_path.iterdir())


def test_a_device_is_not_named_where_several_processes_take_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_RANK", "0")
    answer = copyist("sample", tmp_path / "model", "--device", "cpu", "--out", tmp_path / "samples.npy")
    assert answer.sentence.startswith("--device must be left out where several processes share the work, got cpu; ")
