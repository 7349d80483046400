"""The time that each kind of operation takes in steps of training, by PyTorch's profiler."""

__all__ = ["Observed", "ProfiledCall", "observe_steps", "profiled_calls"]

import contextlib
import multiprocessing
import time
from collections import defaultdict
from collections.abc import Collection, Generator, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple, final

from torch.profiler import ProfilerActivity, profile

from copyist.bench.measure import Loop, run_steps
from copyist.bench.step_operations import BOTH_GRADIENTS, KINDS, OPTIMIZER_STEP, Operation, StepCounter, kind_of


@final
@dataclass(frozen=True, kw_only=True)
class Observed:
    """What steps of a loop consist of."""

    operations: tuple[Operation, ...]

    seconds: dict[str, float]
    """Per step, by kind, as the profiler measured them."""

    profiled: float
    """Seconds per step by the clock, meanwhile."""


@final
class ProfiledCall(NamedTuple):
    """One call of an operation, as the profiler saw it."""

    name: str
    kind: str
    """One of `KINDS`, or `BOTH_GRADIENTS`."""

    seconds: float
    """What it calls itself included."""


def observe_steps(loop: Loop, *, steps: int) -> Observed:
    """Count the operations of as many steps, and profile as many others, in a process of its own.

    Args:
        loop: takes steps.
        steps: to warm up, to count, to settle and to profile, each.

    Raises:
        RuntimeError: the loop ends before.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(_observe, loop, steps).result()


def profiled_calls(events: Iterable[Any], names: Collection[str]) -> Iterator[ProfiledCall]:
    """The outermost calls of named operations. What they call in turn is a part of them.

    Args:
        events: of a profile with shapes.
        names: of the operations that a `StepCounter` sees, since composed ones stand around them.
    """
    for event in events:
        name, callers = _name(event), [*_callers(event)]
        if name in names and not any(_name(caller) in names for caller in callers):
            in_optimizer = any(caller.name.startswith(OPTIMIZER_STEP) for caller in callers)
            kind = kind_of(name, event.concrete_inputs, in_optimizer=in_optimizer)
            yield ProfiledCall(name, kind, event.cpu_time_total / 1e6)


def _observe(loop: Loop, steps: int) -> Observed:
    counter, profiler = StepCounter(), profile(activities=[ProfilerActivity.CPU], record_shapes=True)
    profiled = 0.0

    def stages() -> Generator[bool, None, None]:
        """The first begins after the steps that warm up, and each lasts until the next is asked for."""
        nonlocal profiled
        with counter:
            yield True
        yield True
        with profiler:
            since = time.perf_counter()
            yield True
            profiled = time.perf_counter() - since

    with contextlib.closing(stages()) as stage:
        run_steps(loop, steps=steps, go_on=lambda: next(stage, False))
    operations, seconds = counter.operations(steps=steps), defaultdict[str, float](float)
    for call in profiled_calls(profiler.events() or (), {each.name for each in operations}):
        seconds[call.kind] += call.seconds / steps
    both = seconds.pop(BOTH_GRADIENTS, 0.0)
    for kind, measured in zip(KINDS[1:3], counter.halves, strict=True):
        seconds[kind] += both * measured / (sum(counter.halves) or 1.0)
    return Observed(operations=operations, seconds={kind: seconds[kind] for kind in KINDS}, profiled=profiled / steps)


def _callers(event: Any) -> Iterator[Any]:
    while (event := event.cpu_parent) is not None:
        yield event


def _name(event: Any) -> str:
    namespace, _, name = event.name.partition("::")
    return name if namespace == "aten" else ""
