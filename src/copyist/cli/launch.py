"""Several processes for one run, started by Accelerate."""

__all__ = ["relaunched"]

import os
import subprocess
import sys


def relaunched(*, devices: int, nodes: int) -> bool:
    """Run this very command in several processes, where several are asked for; say whether that was done.

    Under `accelerate launch`, or in a process started here, nothing is done. With several nodes the environment names
    the meeting place as Accelerate expects it: MASTER_ADDR, MASTER_PORT and NODE_RANK.
    """
    if devices * nodes == 1 or "ACCELERATE_MIXED_PRECISION" in os.environ or "LOCAL_RANK" in os.environ:
        return False
    command = [sys.executable, "-m", "accelerate.commands.launch", "--num_processes", str(devices * nodes)]
    if nodes > 1:
        command += ["--num_machines", str(nodes), "--machine_rank", os.environ.get("NODE_RANK", "0")]
        command += ["--main_process_ip", os.environ.get("MASTER_ADDR", "127.0.0.1")]
        command += ["--main_process_port", os.environ.get("MASTER_PORT", "29500")]
    import torch

    command += ["--multi_gpu"] if torch.cuda.device_count() > 1 else ["--cpu"] if not torch.cuda.is_available() else []
    finished = subprocess.run([*command, "-m", "copyist", *sys.argv[1:]], check=False)
    if finished.returncode:
        sys.exit(1)
    return True
