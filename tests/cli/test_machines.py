"""One run of several machines, or of another launcher: its weights, and one sentence on each when a process is lost."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from torch.distributed import DistStoreError

from cli.conftest import copyist
from copyist.checkpoint import read_tensors
from copyist.cli.launch import _config, _failure, explain_lost_peers
from copyist.errors import TrainingError
from copyist.recipes import configured
from copyist.training import train
from training.tiny import StoppedError, Told

SETTINGS = [
    "width=2",
    "levels=2",
    "batch_size=8",
    "precision=float32",
    "save_every=1",
    "optimizer=sgd",
    "learning_rate=1",
]
STEPS = 5000
"""More than any of the runs gets to."""

KEPT = "what the run has saved is kept, and --resume goes on from there"
ENDED = "another process of this run has ended, and this one with it"
SILENT = "another process of this run does not answer, and this one cannot go on without it"
HASTY = str(Path(__file__).with_name("hasty.py"))

Process = subprocess.Popen[str]


@pytest.fixture
def images(tmp_path: Path) -> str:
    path = tmp_path / "images.npy"
    np.save(path, np.random.default_rng(0).integers(0, 256, (40, 16, 16), dtype=np.uint8))
    return str(path)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return tmp_path / "run"


@pytest.fixture
def command(images: str, run: Path) -> list[str]:
    assigned = [word for each in SETTINGS for word in ("--set", each)]
    return ["train", "unet", *assigned, "--data", images, "--steps", str(STEPS), "--out", str(run)]


@pytest.fixture
def place() -> dict[str, str]:
    """Where processes meet, as PyTorch is told it: on this machine, at a port that was free."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = str(found.getsockname()[1])
    return {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}


def started(place: Mapping[str, str], *words: str, **own: str) -> Process:
    return subprocess.Popen([sys.executable, *words], stderr=subprocess.PIPE, text=True, env=os.environ | place | own)


def wait_for_step(folder: Path, step: int, *, of: Process) -> None:
    while not (folder / "state" / "state.safetensors").exists() or kept_step(folder) < step:
        assert of.poll() is None, of.communicate()
        time.sleep(0.05)


def kept_step(folder: Path) -> int:
    return int(read_tensors(folder / "state" / "state.safetensors")[0]["counters"]["step"])


def kept_weights(folder: Path) -> dict[str, torch.Tensor]:
    tensors = read_tensors(folder / "state" / "state.safetensors")[1]
    return {name: value for name, value in tensors.items() if name.startswith("model.")}


def process_of(launcher: Process, *, rank: int) -> psutil.Process:
    children = psutil.Process(launcher.pid).children(recursive=True)
    return next(each for each in children if each.environ().get("RANK") == str(rank))


def sentence(process: Process) -> str:
    """What a process says at its end, which comes in time."""
    errors = process.communicate(timeout=50)[1]
    assert process.returncode == 1, errors
    return next(line for line in reversed(errors.splitlines()) if line.startswith("copyist: "))


@pytest.mark.slow
def test_two_machines_train_as_one_process_does_and_when_one_loses_its_process_both_say_so_and_the_run_goes_on(
    command: list[str], place: dict[str, str], images: str, run: Path, tmp_path: Path
) -> None:
    words = ["-m", "copyist", *command, "--nodes", "2"]
    with started(place, *words, NODE_RANK="0") as first, started(place, *words, NODE_RANK="1") as second:
        wait_for_step(run, 3, of=first)
        process_of(second, rank=1).kill()
        assert re.fullmatch(
            rf"copyist: .*a process on another machine has ended(, and this one with it)?; {KEPT}", sentence(first)
        )
        assert sentence(second) == (
            f"copyist: process 1 of the 2 of this run was ended by SIGKILL, and the others with it; {KEPT}"
        )
    step = kept_step(run)
    recipe = configured("unet", data=images, steps=STEPS, assignments=SETTINGS)
    with pytest.raises(StoppedError):
        train(recipe, out=tmp_path / "alone", observer=Told(stop_at=step + 1))
    assert kept_step(tmp_path / "alone") == step
    alone = kept_weights(tmp_path / "alone")
    for name, ours in kept_weights(run).items():
        torch.testing.assert_close(ours, alone[name], rtol=1e-3, atol=1e-5)
    assert copyist("train", "--resume", "--steps", step + 2, "--out", run).code == 0
    assert kept_step(run) == step + 2


@pytest.mark.slow
def test_a_process_of_torchrun_that_freezes_ends_the_other_with_one_sentence_and_the_run_goes_on(
    command: list[str], place: dict[str, str], run: Path
) -> None:
    line = ["-m", "torch.distributed.run", "--nproc-per-node", "2", HASTY, "10", *command]
    with started(place, *line) as launcher:
        wait_for_step(run, 3, of=launcher)
        frozen = process_of(launcher, rank=1)
        frozen.suspend()
        # Where nobody notices.
        end = threading.Timer(60, frozen.kill)
        end.start()
        assert launcher.stderr is not None
        said = next((line for line in launcher.stderr if line.startswith("copyist: ")), "")
        end.cancel()
        # The launcher would wait for half a minute.
        frozen.kill()
        others = launcher.communicate(timeout=50)[1]
    assert said == (
        f"copyist: another process of this run does not answer, and this one cannot go on without it; {KEPT}\n"
    )
    assert "copyist: " not in others
    assert launcher.returncode == 1
    step = kept_step(run)
    assert copyist("train", "--resume", "--steps", step + 2, "--out", run).code == 0
    assert kept_step(run) == step + 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("[../gloo/transport/tcp/pair.cc:537] Connection closed by peer [127.0.0.1]:80", ENDED),
        ("[../gloo/transport/tcp/unbound_buffer.cc:78] Timed out waiting 4000ms for recv operation", SILENT),
        ("[../gloo/transport/tcp/pair.cc:553] Read error [10.0.0.2]:80: Connection timed out", SILENT),
        ("wait timeout after 4000ms, keys: /default_pg/0//cpu//0/rank_1", SILENT),
    ],
)
def test_a_process_that_has_ended_is_told_from_one_that_does_not_answer(
    words: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    error = RuntimeError(words) if "gloo" in words else DistStoreError(words)
    with pytest.raises(TrainingError, match=f"^{sentence}; all is well$"), explain_lost_peers(aftermath="all is well"):
        raise error
    with pytest.raises(RuntimeError, match=r"^a shape is wrong$"), explain_lost_peers(aftermath="all is well"):
        raise RuntimeError("a shape is wrong")
    monkeypatch.setenv("WORLD_SIZE", "1")
    with pytest.raises(type(error)), explain_lost_peers(aftermath="all is well"):
        raise error


def test_a_launcher_blames_other_machines_where_its_own_processes_only_lost_them(tmp_path: Path) -> None:
    def failed(codes: dict[int, int], *, nodes: int = 2) -> str:
        return str(_failure(codes, tmp_path, devices=2, nodes=nodes, aftermath="it is lost"))

    (tmp_path / "2").write_text(json.dumps({"sentence": f"{ENDED}; it is lost", "code": 1}))
    assert failed({2: 1}) == "a process on another machine has ended, and this one with it; it is lost"
    assert failed({2: 1}, nodes=1) == f"{ENDED}; it is lost"
    killed = "process 3 of the 4 of this run was ended by SIGKILL, and the others with it; it is lost"
    assert failed({2: 1, 3: -signal.SIGKILL}) == killed
    aborted = "process 2 of the 4 of this run was ended by SIGABRT, and the others with it"
    assert failed({2: -signal.SIGABRT}) == (
        f"{aborted}, as happens where a process on another machine has ended; it is lost"
    )
    assert failed({2: -signal.SIGABRT}, nodes=1) == f"{aborted.replace('of the 4', 'of the 2')}; it is lost"
    first = "process 1 of the 2 of this run was ended by SIGKILL, and the others with it; it is lost"
    assert failed({0: -signal.SIGABRT, 1: -signal.SIGKILL}, nodes=1) == first
    log = tmp_path / "logs" / "1" / "stderr.log"
    log.parent.mkdir(parents=True)
    log.write_text("Traceback …\nZeroDivisionError: division by zero\n")
    assert failed({2: 1, 3: 1}).startswith(
        "process 3 of the 4 of this run failed (ZeroDivisionError: division by zero)"
    )


def test_machines_that_do_not_meet_say_where_they_should_have(
    command: list[str], place: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def hasty(*args: Any, **settings: Any) -> Any:
        config = _config(*args, **settings)
        config.rdzv_configs["timeout"] = 1
        return config

    monkeypatch.setattr("copyist.cli.launch._config", hasty)
    for name, value in place.items():
        monkeypatch.setenv(name, value)
    for rank in "01":
        monkeypatch.setenv("NODE_RANK", rank)
        assert copyist(*command, "--nodes", 2).sentence.startswith(
            f"the 2 machines of this run must meet at 127.0.0.1:{place['MASTER_PORT']}, and have not in "
        )


def test_a_port_that_another_program_has_is_named(
    command: list[str], place: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**place, "NODE_RANK": "0"}.items():
        monkeypatch.setenv(name, value)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(place["MASTER_PORT"])))
        taken.listen()
        assert copyist(*command, "--nodes", 2).sentence == (
            f"the machines of this run meet at 127.0.0.1:{place['MASTER_PORT']}, and another program has that port; "
            "take another MASTER_PORT on all of them"
        )
