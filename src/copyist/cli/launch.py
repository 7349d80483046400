"""Several processes for one run, here or as this machine's share of several, by PyTorch's elastic launcher."""

__all__ = ["explain_lost_peers", "is_alone", "is_first", "join_processes", "relaunch", "report_failure"]

import contextlib
import ctypes
import json
import logging
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Generator, Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from copyist.errors import ArgumentError, CopyistError, InterruptionError, TrainingError

if TYPE_CHECKING:
    import torch
    from torch.distributed.launcher.api import LaunchConfig

_LOST = "another process of this run has ended, and this one with it"
"""What a process says whose exchange with another one broke off."""

_RESULTS = (signal.SIGTERM, signal.SIGABRT)
"""Signals that a process rather ends by because another one has ended."""

_SILENT = "another process of this run does not answer, and this one cannot go on without it"
"""What a process says that has waited for another one for as long as `copyist.devices.PROCESS_TIMEOUT`."""

_FAILURES = "COPYIST_FAILURES"
"""The variable that names the folder in which processes of a run leave what they failed at, for their parent to say."""

_PARENT_DEATH_SIGNAL = 1
"""Of prctl, in Linux's prctl.h."""


def relaunch(*, devices: int, nodes: int, aftermath: str) -> bool:
    """Run this command in several processes, where several are requested; return whether that was done.

    In a process that was started as one of several, here or by `accelerate launch`, nothing is done. With several
    nodes the environment names the meeting place as PyTorch expects it: MASTER_ADDR, MASTER_PORT and NODE_RANK.

    Args:
        devices: processes on this machine.
        nodes: machines.
        aftermath: what is left, and what to do, once a process has died.

    Raises:
        ArgumentError: there are not so many devices; or there are several nodes, and the environment does not name the
            meeting place.
        InterruptionError: a signal has ended it.
        TrainingError: a process failed.
    """
    if _FAILURES in os.environ:
        _end_with_parent()
    if "ACCELERATE_MIXED_PRECISION" in os.environ or "LOCAL_RANK" in os.environ:
        return False
    for option, number in (("--devices", devices), ("--nodes", nodes)):
        if number < 1:
            raise ArgumentError(f"{option} must be at least 1, got {number}; leave it out for one")
    if devices * nodes == 1:
        return False
    if nodes > 1:
        _check_meeting_place(nodes)
    _check_present(devices)
    with tempfile.TemporaryDirectory(prefix="copyist-") as folder:
        config = _config(devices, nodes, logs=Path(folder) / "logs")
        _launch(config, Path(folder), aftermath=aftermath)
    return True


@contextlib.contextmanager
def join_processes() -> Generator["torch.device | None", None, None]:
    """Context manager: meet the other processes of this command, and part once all are done; gives the device of this
    one, or None where it is alone.

    None goes on before all have come here, so that none of them sees what another one has done since.
    """
    if is_alone():
        yield None
        return
    from torch import distributed

    from copyist.devices import meet

    # When another one has died, the launcher ends this one, which takes back what it has begun to write.
    signal.signal(signal.SIGTERM, _leave)
    accelerator = meet()
    accelerator.wait_for_everyone()
    yield accelerator.device
    # After an error there is nobody to wait for.
    accelerator.wait_for_everyone()
    distributed.destroy_process_group()


@contextlib.contextmanager
def explain_lost_peers(*, aftermath: str) -> Generator[None, None, None]:
    """Context manager: an exchange with another process that breaks off, or that it does not answer, is one sentence.

    Args:
        aftermath: what is left, and what to do.

    Raises:
        TrainingError: it broke off, or took longer than `copyist.devices.PROCESS_TIMEOUT`.
    """
    try:
        yield
    except RuntimeError as error:
        if not _is_lost_peer(error):
            raise
        words = str(error).lower()
        # Of Gloo and the system, of Gloo's barrier, and of the store where processes meet.
        silent = any(each in words for each in ("timed out", "timeout"))
        raise TrainingError(f"{_SILENT if silent else _LOST}; {aftermath}") from error


def is_alone() -> bool:
    """Whether this is no process of several that a launcher has started for one command."""
    return int(os.environ.get("WORLD_SIZE", "1")) < 2


def is_first() -> bool:
    """Whether this process is to say what all of them have done."""
    return os.environ.get("RANK", "0") == "0"


def report_failure(sentence: str, *, code: int) -> bool:
    """Leave a sentence for the parent to say, in a process that `relaunch` started; return whether it is one."""
    folder = os.environ.get(_FAILURES)
    if folder is None:
        return False
    # Only `relaunch` reads it, after this process has ended.
    Path(folder, os.environ["RANK"]).write_text(json.dumps({"sentence": sentence, "code": code}))
    return True


def _is_lost_peer(error: RuntimeError) -> bool:
    """Whether an error says that the exchange with another process of the run failed."""
    if is_alone():
        return False
    from torch import distributed

    words = ("gloo", "NCCL", "Connection closed by peer", "Connection reset by peer")
    return isinstance(error, distributed.DistError) or any(word in str(error) for word in words)


def _check_meeting_place(nodes: int) -> None:
    missing = [name for name in ("MASTER_ADDR", "MASTER_PORT", "NODE_RANK") if name not in os.environ]
    if missing:
        raise ArgumentError(
            f"several nodes must know where to meet, and {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} "
            "not set; set MASTER_ADDR and MASTER_PORT alike on all, and NODE_RANK to 0, 1, … on each"
        )
    rank, port = os.environ["NODE_RANK"], os.environ["MASTER_PORT"]
    if not rank.isdecimal() or int(rank) >= nodes:
        raise ArgumentError(
            f"NODE_RANK must be a whole number from 0 to {nodes - 1}, got {rank!r}; set it on each node"
        )
    if not port.isdecimal():
        raise ArgumentError(f"MASTER_PORT must be the number of a port, got {port!r}; take 29500")


def _check_present(devices: int) -> None:
    import torch

    gpus = torch.cuda.device_count()
    present = gpus or _num_cores()
    if devices > present:
        has = f"{gpus} GPU{'s' * (gpus > 1)}" if gpus else f"{present} core{'s' * (present > 1)} and no GPU"
        raise ArgumentError(
            f"--devices must be at most what this machine has, {has}, got {devices}; take --devices {present}"
        )


def _config(devices: int, nodes: int, *, logs: Path) -> "LaunchConfig":
    """How the processes are started and meet: those of one machine among themselves."""
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, Std
    from torch.distributed.launcher.api import LaunchConfig

    place = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}" if nodes > 1 else "localhost:0"
    meeting: dict[str, Any] = {"rank": int(os.environ["NODE_RANK"])} if nodes > 1 else {"is_host": True}
    return LaunchConfig(
        min_nodes=nodes,
        max_nodes=nodes,
        nproc_per_node=devices,
        run_id="copyist",
        rdzv_backend="static" if nodes > 1 else "c10d",
        rdzv_endpoint=place,
        rdzv_configs=meeting,
        local_addr=None if nodes > 1 else "127.0.0.1",
        max_restarts=0,
        # All would print the same; only the first one prints.
        logs_specs=DefaultLogsSpecs(log_dir=str(logs), redirects=dict.fromkeys(range(1, devices), Std.ALL)),
    )


def _launch(config: "LaunchConfig", folder: Path, *, aftermath: str) -> None:
    """Run this command in processes of its own, and wait until they have ended; once one fails, all are ended."""
    import torch
    from torch.distributed import DistError, DistNetworkError
    from torch.distributed.elastic.multiprocessing import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import elastic_launch

    os.environ |= {
        # Processes that each take every core slow each other many times over.
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(max(1, _num_cores() // config.nproc_per_node))),
        # Accelerate joins processes without a GPU only when ACCELERATE_USE_CPU is true.
        "ACCELERATE_USE_CPU": "false" if torch.cuda.is_available() else "true",
        _FAILURES: str(folder),
    }
    # The launcher's log says in many lines what is said here in one.
    logging.disable(logging.CRITICAL)
    try:
        elastic_launch(config, sys.executable)("-m", "copyist", *sys.argv[1:])
    except SignalException as end:
        said = _reports(folder).get(0)
        sentence = said["sentence"] if said else "interrupted"
        raise InterruptionError(sentence, signal=int(end.sigval)) from None
    except ChildFailedError as error:
        codes = {rank: failure.exitcode for rank, failure in error.failures.items()}
        devices, nodes = config.nproc_per_node, config.max_nodes
        raise _failure(codes, folder, devices=devices, nodes=nodes, aftermath=aftermath) from None
    except DistError as error:
        if isinstance(error, DistNetworkError) and "EADDRINUSE" in str(error):
            raise TrainingError(
                f"the machines of this run meet at {config.rdzv_endpoint}, and another program has that port; take "
                "another MASTER_PORT on all of them"
            ) from error
        raise TrainingError(
            f"the {config.max_nodes} machines of this run must meet at {config.rdzv_endpoint}, and have not in "
            f"{config.rdzv_configs['timeout'] / 60:g} minutes; check MASTER_ADDR and MASTER_PORT, and give the command "
            "on each machine"
        ) from error
    finally:
        logging.disable(logging.NOTSET)
        del os.environ[_FAILURES]


def _failure(codes: Mapping[int, int], folder: Path, *, devices: int, nodes: int, aftermath: str) -> CopyistError:
    """Why a run ended, in one sentence: by what a process refused, or how it died, and not by what that led to."""
    reports = _reports(folder)
    lost = {rank for rank, each in reports.items() if each["sentence"].startswith(_LOST)}
    own = [each for rank, each in reports.items() if rank not in lost and each["code"] < 128]
    if own:
        return TrainingError(own[0]["sentence"])
    # By SIGTERM the launcher ends those that are left, and by SIGABRT gloo now and then one that has lost another.
    rank, code = min(codes.items(), key=lambda each: (each[1] >= 0, -each[1] in _RESULTS, each[0] in lost, each))
    who = f"process {rank} of the {devices * nodes} of this run"
    if code < 0:
        name = signal.Signals(-code).name
        others = nodes > 1 and code == -signal.SIGABRT
        hint = ", as happens where a process on another machine has ended" if others else ""
        return TrainingError(f"{who} was ended by {name}, and the others with it{hint}; {aftermath}")
    if rank in lost and nodes > 1:
        return TrainingError(f"a process on another machine has ended, and this one with it; {aftermath}")
    if rank in reports:
        return TrainingError(reports[rank]["sentence"])
    # The log of a process is named by its number on this machine.
    logs = folder.rglob(f"{rank % devices}/stderr.log")
    lines = [line for path in logs for line in path.read_text().splitlines() if line]
    return TrainingError(
        f"{who} failed{f' ({lines[-1]})' if lines else ', as it says above'}; leave --devices out to see why"
    )


def _reports(folder: Path) -> dict[int, dict[str, Any]]:
    """What processes left by `report_failure`, by their rank."""
    return {int(path.name): json.loads(path.read_text()) for path in sorted(folder.glob("[0-9]*")) if path.is_file()}


def _end_with_parent() -> None:
    """Let this process be interrupted when its parent dies, however that happens; Linux alone can."""
    if platform.system() == "Linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGTERM)


def _leave(number: int, frame: FrameType | None) -> None:
    # An error, such as the loss of a peer, may be taking things back already, and is not to be cut short in that.
    if sys.exc_info()[0] is None:
        raise SystemExit(128 + number)


def _num_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
