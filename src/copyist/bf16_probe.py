"""Whether bfloat16 computes what float32 does on a device, and is no slower: asked once, before it is chosen."""

__all__ = ["Probe", "bf16_probe"]

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias, final

import torch
from torch import Tensor
from torch.nn import functional as F

_Operation: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""Of an input and a weight."""

_WIDTHS = (1, 3, 16)
"""Maps of the convolutions that are checked."""

_REPEATS = 5
"""Times that an operation is timed, of which the fastest counts."""

_LOOKS = 3
"""Times that operations are timed again where they seem slow, since other work on the machine may be why."""

_SLOW = 3.0
"""Where bfloat16 is implemented badly it is 4 to 16 times as slow (pytorch issue 183815)."""


@final
@dataclass(frozen=True, kw_only=True)
class Probe:
    """What a look at a device found."""

    largest_error: float
    """Of the answers and gradients in bfloat16, as a root mean square relative to those in float32, the largest."""

    slowdown: float
    """Time in bfloat16 over that in float32, of the operation that is slowest by comparison: the processor's own time
    on a CPU, which other work does not change, and elapsed time elsewhere."""

    @property
    def is_right(self) -> bool:
        """Whether all is within rounding: 8 bits leave a relative error of about 0.002."""
        return self.largest_error < 0.03

    @property
    def pays(self) -> bool:
        """Whether it is right, and nowhere so slow that other work on the machine cannot explain it."""
        return self.is_right and self.slowdown < _SLOW


@cache
def bf16_probe(device: torch.device) -> Probe:
    """Convolutions, transposed ones and products, forward and backward, in both precisions on a device.

    It takes a tenth of a second or two, once in a process. Nothing random is drawn from PyTorch's own generator.
    """
    # It may be asked for in any mode.
    with torch.inference_mode(mode=False), torch.enable_grad(), torch.autocast(device.type, enabled=False):
        return _probe(device)


def _probe(device: torch.device) -> Probe:
    draws = torch.Generator().manual_seed(0)

    def tensors(width: int, side: int, kernel: int) -> tuple[Tensor, Tensor]:
        # Drawn on the CPU, so that each device is asked the same.
        x = torch.randn(4, width, side, side, generator=draws).to(device, memory_format=torch.channels_last)
        return x, torch.randn(width, width, kernel, kernel, generator=draws).to(device)

    errors = [
        _error(operation, *tensors(width, side, kernel)) for operation, side, kernel in _CHECKED for width in _WIDTHS
    ]
    timed = [(operation, *tensors(16, 32, kernel)) for operation, _, kernel in _TIMED]
    slowdown = math.inf
    for _ in range(_LOOKS):
        slowdown = min(slowdown, max(_slowdown(*each) for each in timed))
        if slowdown < _SLOW:
            break
    return Probe(largest_error=max(errors), slowdown=slowdown)


def _convolution(x: Tensor, weight: Tensor) -> Tensor:
    return F.conv2d(x, weight, padding=1)


def _transposed(x: Tensor, weight: Tensor) -> Tensor:
    return F.conv_transpose2d(x, weight, stride=2)


def _product(x: Tensor, weight: Tensor) -> Tensor:
    return F.linear(x.flatten(2).transpose(1, 2), weight.flatten(1)[:, : x.shape[1]])


def _strided(x: Tensor, weight: Tensor) -> Tensor:
    return F.conv2d(x, weight, stride=2, padding=(weight.shape[-1] - 1) // 2)


_TIMED: tuple[tuple[_Operation, int, int], ...] = ((_convolution, 8, 3), (_transposed, 8, 2), (_product, 8, 3))
"""Operations, with the sides of the images on which they are checked, and of their kernels."""

_CHECKED = (*_TIMED, (_strided, 2, 2), (_strided, 2, 3), (_transposed, 1, 2))
"""As well where an answer, or the gradient of an input, is one value wide: implementations have been wrong there alone
(pytorch issues 163347 and 169688)."""


def _run(operation: _Operation, x: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The answer and the gradients of its sum of squares."""
    x, weight = (each.detach().requires_grad_() for each in (x, weight))
    answer = operation(x, weight)
    of_x, of_weight = torch.autograd.grad(answer.float().square().sum(), (x, weight))
    return answer.detach(), of_x, of_weight


def _error(operation: _Operation, x: Tensor, weight: Tensor) -> float:
    # Both begin with the same rounded numbers, so that only what is computed differs.
    x, weight = x.bfloat16(), weight.bfloat16()
    pairs = zip(_run(operation, x, weight), _run(operation, x.float(), weight.float()), strict=True)
    errors = [float((half.float() - full).norm() / full.norm()) for half, full in pairs]
    # A maximum would pass over what is no number.
    return math.inf if any(map(math.isnan, errors)) else max(errors)


def _slowdown(operation: _Operation, x: Tensor, weight: Tensor) -> float:
    def seconds(dtype: torch.dtype) -> float:
        since = _now(x.device)
        _run(operation, x.to(dtype), weight.to(dtype))
        return _now(x.device) - since

    # By turns, so that both have the same machine.
    both = [(seconds(torch.bfloat16), seconds(torch.float32)) for _ in range(_REPEATS)]
    return min(half for half, _ in both) / max(min(full for _, full in both), 1e-9)


def _now(device: torch.device) -> float:
    """Seconds on a clock that has waited for what the device was given to do."""
    if device.type == "cpu":
        return time.process_time()
    torch.accelerator.synchronize(device)
    return time.perf_counter()
