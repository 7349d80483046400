"""Several processes for one run, on this machine or as this machine's share of several."""

__all__ = ["is_first", "relaunched"]

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence

from copyist.errors import ArgumentError, TrainingError


def relaunched(*, devices: int, nodes: int) -> bool:
    """Run this very command in several processes, where several are asked for; say whether that was done.

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

    present = torch.cuda.device_count()
    if present and devices > present:
        raise ArgumentError(f"devices must be at most the {present} of this machine, got {devices}; take fewer")
    first = int(os.environ["NODE_RANK"]) * devices if nodes > 1 else 0
    shared = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(_free_port()),
        # Processes that each take every core slow each other many times over.
        "OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // devices)),
        **os.environ,
        "WORLD_SIZE": str(devices * nodes),
        "LOCAL_WORLD_SIZE": str(devices),
        # Accelerate joins processes without a GPU only when told that there is none.
        "ACCELERATE_USE_CPU": "false" if present else "true",
    }
    command = [sys.executable, "-m", "copyist", *sys.argv[1:]]
    processes = [
        # All would say the same; the first one says it.
        subprocess.Popen(
            command,
            env={**shared, "RANK": str(first + local), "LOCAL_RANK": str(local)},
            stdout=None if local == 0 else subprocess.DEVNULL,
            stderr=None if local == 0 else subprocess.DEVNULL,
        )
        for local in range(devices)
    ]
    _wait(processes)
    return True


def is_first() -> bool:
    """Whether this process is to say what all of them have done."""
    return os.environ.get("RANK", "0") == "0"


def _wait(processes: Sequence["subprocess.Popen[bytes]"]) -> None:
    """Wait for all; when one fails, the others are ended, since they would wait for it."""
    # Ctrl-C reaches every process; each ends its run by itself.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    ended = signal.signal(signal.SIGTERM, lambda *_: _stop(processes))  # pyright: ignore[reportUnknownLambdaType]
    try:
        while any(process.poll() is None for process in processes):
            if any(process.poll() for process in processes):
                _end(processes)
                break
            time.sleep(0.05)
        if processes[0].returncode > 0:
            raise SystemExit(1)  # It has said why.
        if any(process.returncode for process in processes):
            raise TrainingError("one of the processes failed; run the command without --devices to see why")
    finally:
        signal.signal(signal.SIGINT, before)
        signal.signal(signal.SIGTERM, ended)


def _stop(processes: Sequence["subprocess.Popen[bytes]"]) -> None:
    for process in processes:
        process.terminate()


def _end(processes: Sequence["subprocess.Popen[bytes]"], *, patience: float = 5) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and any(process.poll() is None for process in processes):
        time.sleep(0.05)
    for process in processes:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])
