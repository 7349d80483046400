"""Where and how it is computed: devices and their precision, reproducible bits, kept memory, several processes."""

__all__ = [
    "PROCESS_TIMEOUT",
    "Precision",
    "apply_to_whole",
    "autocast",
    "available_memory_on",
    "deterministic_cudnn",
    "find_device",
    "gather_batch",
    "keep_freed_memory",
    "limited_threads",
    "mean_over_processes",
    "meet",
    "num_processes",
    "one_thread",
    "resolve",
    "resolve_for_all",
    "sum_over_processes",
    "values_of_first",
]

import contextlib
import ctypes
import platform
from collections.abc import Callable, Generator, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import torch
from torch import Tensor, distributed

from copyist.bf16_probe import bf16_probe
from copyist.checks import nearest_match
from copyist.errors import ArgumentError, UnknownNameError
from copyist.memory import available_memory
from copyist.randomness import SharedGenerator

if TYPE_CHECKING:
    from accelerate import Accelerator

Precision: TypeAlias = Literal["auto", "float32", "bf16"]
"""`float32` is TF32 in steps of training on GPUs of NVIDIA, and full elsewhere. `bf16` computes convolutions and
products in bfloat16 and keeps weights, sums and losses in float32."""

PROCESS_TIMEOUT = timedelta(minutes=20)
"""How long a process waits for another one of its run before it takes it for lost.

The others wait while the first one saves: 20 GB, as the state of 10⁹ weights with all that may be kept of them, take
7 minutes at 50 MB/s. So they do for one that has yet to decode the images that they found decoded. PyTorch's own are 30
minutes, and 10 with NCCL.
"""

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Numbers of the two options in glibc's malloc.h."""

_LARGEST_MMAP_THRESHOLD = 32 * 1024**2
"""Glibc takes no more on a 64-bit machine."""


def find_device(device: str | torch.device | None) -> torch.device:
    """The requested device, or else the best available.

    Raises:
        UnknownNameError: there is no such device.
        ArgumentError: it cannot be used on this machine.
    """
    if device is None or device == "":
        best = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        return torch.device(best)
    try:
        found = torch.device(device)
    except RuntimeError as error:
        near = nearest_match(str(device), ("cpu", "cuda", "mps"))
        raise UnknownNameError(f"there is no device {str(device)!r}; {near}") from error
    try:
        # A device may be known to PyTorch, and missing from this machine or this build.
        torch.zeros(1, device=found).cpu()
    except (RuntimeError, AssertionError) as error:
        raise ArgumentError(
            f"device {str(device)!r} cannot be used on this machine; leave it out, or take cpu (--device cpu)"
        ) from error
    return found


def available_memory_on(device: torch.device) -> int:
    """Bytes that this process may still take there."""
    if device.type != "cuda":
        return available_memory()
    free, _ = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)


def resolve(precision: Precision, device: torch.device) -> Precision:
    """`bf16` or `float32`: what `auto` means on this device. It must have instructions for bfloat16, and compute with
    them what float32 does, no slower than other work explains."""
    if precision != "auto":
        return precision
    if device.type == "cuda":
        has_instructions = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        has_instructions = device.type == "cpu" and _cpu_does_bf16()
    return "bf16" if has_instructions and bf16_probe(device).pays else "float32"


def resolve_for_all(precision: Precision, device: torch.device) -> Precision:
    """`bf16` or `float32`: what `auto` means for processes that share a run, `bf16` where it does so for each of them.

    Every process must call it. Machines may be unlike, and a speed is measured by each for itself.
    """
    own = resolve(precision, device)
    if num_processes() == 1:
        return own
    chosen = gather_batch(torch.tensor([own == "bf16"], dtype=torch.int64, device=device))
    return "bf16" if bool(chosen.all()) else "float32"


def autocast(precision: Precision, device: torch.device) -> contextlib.AbstractContextManager[Any]:
    """Context manager: modules compute in that precision."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=resolve(precision, device) == "bf16")


def one_thread() -> contextlib.AbstractContextManager[None]:
    """Context manager: torch and NumPy compute in one thread, so that sums have one order however many runs there are
    at once."""
    return limited_threads(1)


@contextlib.contextmanager
def limited_threads(number: int) -> Generator[None, None, None]:
    """Context manager: torch and NumPy compute in so many threads."""
    from threadpoolctl import threadpool_limits

    threads = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        # NumPy has threads of its own, and their number changes the order of its sums.
        with threadpool_limits(limits=number):
            yield
    finally:
        torch.set_num_threads(threads)


@contextlib.contextmanager
def deterministic_cudnn() -> Generator[None, None, None]:
    """Context manager: cuDNN chooses its algorithms by rule, so that the same step gives the same bits."""
    before = (torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark)
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    try:
        yield
    finally:
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = before


def meet() -> "Accelerator":
    """Meet the other processes of this run, as many as a launcher has started; a process alone is one of one.

    From then on an exchange that takes longer than `PROCESS_TIMEOUT` fails: a RuntimeError, but NCCL ends the process.
    """
    from accelerate import Accelerator
    from accelerate.utils import InitProcessGroupKwargs

    return Accelerator(kwargs_handlers=[InitProcessGroupKwargs(timeout=PROCESS_TIMEOUT)])


def num_processes() -> int:
    """How many processes have met to exchange tensors; 1 of a process alone."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


def gather_batch(x: Tensor) -> Tensor:
    """The parts (B, ...) of a batch that several processes hold, put together in the order of their ranks.

    Every process must call it, each with a part of the same shape. A process alone gets `x` itself.
    """
    if not (distributed.is_available() and distributed.is_initialized()):
        return x
    x = x.contiguous()
    gathered = [torch.empty_like(x) for _ in range(distributed.get_world_size())]
    distributed.all_gather(gathered, x)
    return torch.cat(gathered)


def values_of_first(values: Sequence[float], *, device: torch.device) -> list[float]:
    """Numbers as the first of all processes has them, for what all must decide alike: unlike processors round unlike.

    Every process must call it, with as many numbers.
    """
    if num_processes() == 1:
        return [*values]
    return gather_batch(torch.tensor([values], dtype=torch.float64, device=device))[0].tolist()


def apply_to_whole(
    function: Callable[[Tensor, torch.Generator], Tensor], x: Tensor, generator: torch.Generator
) -> Tensor:
    """`function` of the whole batch of which `x` (B, ...) is this process's part: its answers (B, ...) for that part.

    For what draws in a way that depends on the other examples of a batch. With the generator of one process alone it
    is `function` of `x`. No gradient passes.
    """
    if not isinstance(generator, SharedGenerator) or generator.world_size == 1:
        return function(x, generator)
    rank = generator.rank
    with generator.undivided():
        return function(gather_batch(x.detach()), generator)[rank * len(x) : (rank + 1) * len(x)]


def sum_over_processes(x: Tensor) -> Tensor:
    """The sum of a tensor over all processes, through which gradients pass; of a process alone the tensor itself.

    Every process must call it, and take the gradient of its result, each with a tensor of the same shape.
    """
    if not (distributed.is_available() and distributed.is_initialized()):
        return x
    result: Tensor = _Sum.apply(x)
    return result


def mean_over_processes(x: Tensor, generator: torch.Generator) -> Tensor:
    """The mean of a tensor over the processes that share the batch of `generator`, as `sum_over_processes`."""
    if not isinstance(generator, SharedGenerator) or generator.world_size == 1:
        return x
    return sum_over_processes(x) / generator.world_size


class _Sum(torch.autograd.Function):
    """Each process has an equal share in what any of them makes of the sum, so gradients are summed as well."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        total = x.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        result: Tensor = _Sum.apply(gradients[0])
        return result


@cache
def keep_freed_memory() -> bool:
    """Ask the allocator, for the rest of the process, to keep what is freed; whether it agreed.

    A step of training allocates the same maps again and again. By default glibc returns large ones to the system, and
    the system hands them out again filled with zeros, page by page, which costs more than many a layer. Values do not
    change, nor does the largest amount of memory held. Other allocators are left as they are.
    """
    if platform.system() != "Linux" or platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(_TRIM_THRESHOLD, 2**31 - 1)) and bool(mallopt(_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD))


@cache
def _cpu_does_bf16() -> bool:
    # Linux names the instructions; elsewhere, and without them, float32 is the faster choice.
    flags = Path("/proc/cpuinfo")
    if not flags.exists():
        return False
    words = set(flags.read_text().split())
    return bool(words & {"avx512_bf16", "amx_bf16", "bf16"})
