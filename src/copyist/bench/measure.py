"""Time by turns, the peak of the machine, and the work in a step."""

__all__ = [
    "Contender",
    "Loop",
    "Turn",
    "check_batch",
    "compare",
    "count_flops",
    "machine",
    "matmul_peak",
    "race",
    "run_steps",
]

import contextlib
import multiprocessing
import os
import platform
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from copyist.bench.timings import Comparison, Machine, Quartiles
from copyist.memory import check_memory, is_out_of_memory
from copyist.tensors import Images

Turn: TypeAlias = Callable[[], None]
"""What a loop calls after each of its steps."""

Loop: TypeAlias = Callable[[Turn], None]
"""A loop that takes steps for as long as its argument allows, and can be pickled."""

Times: TypeAlias = tuple[list[float], list[float]]
"""Seconds per step of ours and of the reference, one per round."""

_SETTLE = 0.1
"""Seconds of rest after a turn, in which threads stop spinning and loaders fill their queues."""


_PACKAGES = ("copyist", "torch", "diffusers", "onnxruntime", "Pillow", "pyod", "pythae")
"""Whose versions a result keeps: ours, and what ours is measured beside."""


class _Done(Exception):  # noqa: N818 (it is no error)
    """No further turn is wanted."""


class Contender:
    """A loop in a process of its own, so that neither its allocator nor its threads are the other's."""

    def __init__(self, loop: Loop, *, steps: int) -> None:
        """Start a loop, let it run `steps` steps to warm up, and then as many per turn."""
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_contend, args=(loop, steps, other))
        self._process.start()
        other.close()
        self._answer()

    def turn(self) -> float:
        """Seconds per step, over one turn."""
        self._pipe.send(True)
        return self._answer()

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(OSError):  # It may have ended already.
            self._pipe.send(False)
        self._process.join(30)
        self._process.kill()

    def _answer(self) -> float:
        try:
            answer = self._pipe.recv()
        except EOFError:
            raise RuntimeError("a loop ended before it was told to; its own words are above") from None
        if isinstance(answer, str):
            raise MemoryError(answer)
        return float(answer)


def run_steps(loop: Loop, *, steps: int, go_on: Callable[[], bool]) -> None:
    """Run a loop until it is told to end.

    Args:
        loop: takes steps for longer than is wanted.
        steps: after which, again and again, it is asked whether to go on.
        go_on: whether more steps are wanted.

    Raises:
        RuntimeError: the loop ends before.
    """
    taken = 0

    def turn() -> None:
        nonlocal taken
        taken += 1
        if taken % steps == 0 and not go_on():
            raise _Done

    try:
        loop(turn)
    except _Done:
        return
    raise RuntimeError(f"a loop ended after {taken} steps, before it was told to")


def race(ours: Loop, reference: Loop, *, steps: int, rounds: int, say: Callable[[str], None]) -> Times:
    """Time two loops in processes of their own by turns, A B, B A, A B …, so that neither always runs after the other.

    Args:
        ours: one loop.
        reference: the other.
        steps: of a turn, and of the time to warm up.
        rounds: turns of each.
        say: takes one sentence a round.
    """
    times: Times = ([], [])
    with (
        contextlib.closing(Contender(ours, steps=steps)) as our_process,
        contextlib.closing(Contender(reference, steps=steps)) as its_process,
    ):
        for number in range(rounds):
            for index in (0, 1) if number % 2 == 0 else (1, 0):
                times[index].append((our_process, its_process)[index].turn())
            say(f"round {number + 1} of {rounds}: {times[1][-1] / times[0][-1]:.2f} times the reference")
    return times


def compare(times: Times, *, width: int, size: int, batch: int, flops: float | None) -> Comparison:
    """The quartiles of what `race` timed, and of its ratios."""
    ours, reference = times
    return Comparison(
        width=width,
        size=size,
        batch=batch,
        rounds=len(ours),
        ours=Quartiles.of(ours),
        reference=Quartiles.of(reference),
        ratio=Quartiles.of([slow / fast for fast, slow in zip(ours, reference, strict=True)]),
        flops=flops,
    )


def matmul_peak(dtype: torch.dtype, *, side: int = 1024, repeats: int = 20) -> float:
    """The best rate of a square matrix product, in GFLOP/s."""
    a, b = (torch.ones(side, side, dtype=dtype) for _ in range(2))
    best = float("inf")
    for _ in range(repeats):
        since = time.perf_counter()
        torch.mm(a, b)
        best = min(best, time.perf_counter() - since)
    return 2 * side**3 / best / 1e9


def machine() -> Machine:
    """This machine, measured now."""
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 1,
        threads=torch.get_num_threads(),
        python=platform.python_version(),
        torch=torch.__version__,
        float32_peak=matmul_peak(torch.float32),
        bf16_peak=matmul_peak(torch.bfloat16),
        packages=_versions(),
    )


def check_batch(batch: int, *, size: int) -> None:
    """Refuse a batch of images that could not be trained on, as the loop would, by an option of benchmarks.

    Raises:
        ArgumentError: in color it does not fit into memory three times.
    """
    needed = 3 * 4.0 * batch * 3 * size**2
    check_memory(needed, f"a batch of {batch} images of {size}x{size}", remedy="take a smaller one (--batch 32)")


def count_flops(model: nn.Module, x: Images, *, backward: bool) -> float:
    """Multiplications and additions of one pass over `x`, with the way back of a training step or without."""
    with FlopCounterMode(display=False) as counter, torch.set_grad_enabled(backward):
        x_hat = model(x)
        if backward:
            F.mse_loss(x_hat, x).backward()
    model.zero_grad()
    return float(counter.get_total_flops())


def _contend(loop: Loop, steps: int, pipe: Any) -> None:
    since = time.perf_counter()

    def go_on() -> bool:
        nonlocal since
        seconds = (time.perf_counter() - since) / steps
        time.sleep(_SETTLE)
        pipe.send(seconds)
        wanted = bool(pipe.recv())
        since = time.perf_counter()
        return wanted

    try:
        with contextlib.suppress(EOFError):
            run_steps(loop, steps=steps, go_on=go_on)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        pipe.send(str(error))


def _versions() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
