"""Several processes for one run, on this machine or as this machine's share of several."""

__all__ = ["is_first", "relaunch"]

import os
import runpy
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, cast

from copyist.errors import ArgumentError, TrainingError

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from torch.multiprocessing.spawn import ProcessContext

PATIENCE = 5.0
"""Seconds in which the other processes may end by themselves once one has failed."""


def relaunch(*, devices: int, nodes: int) -> bool:
    """Run this command in several processes, where several are requested; return whether that was done.

    In a process that was started as one of several, here or by `accelerate launch`, nothing is done. With several
    nodes the environment names the meeting place as PyTorch expects it: MASTER_ADDR, MASTER_PORT and NODE_RANK.

    Raises:
        ArgumentError: there are several nodes, and the environment does not name the meeting place.
        TrainingError: a process failed, and has said why.
    """
    if devices * nodes == 1 or "ACCELERATE_MIXED_PRECISION" in os.environ or "LOCAL_RANK" in os.environ:
        return False
    missing = [name for name in ("MASTER_ADDR", "MASTER_PORT", "NODE_RANK") if name not in os.environ]
    if nodes > 1 and missing:
        raise ArgumentError(
            f"several nodes must know where to meet, and {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} "
            "not set; set MASTER_ADDR and MASTER_PORT alike on all, and NODE_RANK to 0, 1, … on each"
        )
    import torch
    from torch.multiprocessing.spawn import start_processes

    present = torch.cuda.device_count()
    if present and devices > present:
        raise ArgumentError(
            f"devices must be at most the {present} of this machine, got {devices}; take --devices {present}"
        )
    # Read as a process starts, so before it can set them itself.
    os.environ |= {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(_free_port()),
        # Processes that each take every core slow each other many times over.
        "OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // devices)),
        **os.environ,
        "WORLD_SIZE": str(devices * nodes),
        "LOCAL_WORLD_SIZE": str(devices),
        # Accelerate joins processes without a GPU only when ACCELERATE_USE_CPU is true.
        "ACCELERATE_USE_CPU": "false" if present else "true",
    }
    first = int(os.environ["NODE_RANK"]) * devices if nodes > 1 else 0
    context = start_processes(_run_as, args=(first,), nprocs=devices, join=False, start_method="spawn")
    assert context is not None
    _join(context)
    return True


def is_first() -> bool:
    """Whether this process is to say what all of them have done."""
    return os.environ.get("RANK", "0") == "0"


def _run_as(local: int, first: int) -> None:
    """Be one of the processes: the command again, with its place among them."""
    os.environ |= {"RANK": str(first + local), "LOCAL_RANK": str(local)}
    if local > 0:
        # All would print the same; only the first one prints.
        silence = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(silence, stream)
    runpy.run_module("copyist", run_name="__main__")


def _join(context: "ProcessContext") -> None:
    """Wait for all processes; once one fails, the others are ended, since they would wait for it."""
    from torch.multiprocessing.spawn import ProcessException, ProcessRaisedException

    processes, failures = cast("list[BaseProcess]", context.processes), cast("list[str]", context.error_files)

    def terminate(*_: object) -> None:
        for process in processes:
            process.terminate()

    # Ctrl-C reaches every process; each ends its run by itself.
    interrupt, end = signal.signal(signal.SIGINT, signal.SIG_IGN), signal.signal(signal.SIGTERM, terminate)
    try:
        while not context.join(grace_period=PATIENCE):
            pass
    except ProcessException as error:
        if (processes[0].exitcode or 0) > 0 and not Path(failures[0]).exists():
            raise SystemExit(processes[0].exitcode) from None  # It has said why.
        if isinstance(error, ProcessRaisedException):
            raise
        raise TrainingError("one of the processes failed; run the command without --devices to see why") from error
    finally:
        signal.signal(signal.SIGINT, interrupt)
        signal.signal(signal.SIGTERM, end)


def _free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])
