"""The operations of steps of training: their kinds, and what each of them has to do."""

__all__ = ["BOTH_GRADIENTS", "KINDS", "OPTIMIZER_STEP", "Operation", "StepCounter", "kind_of"]

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from torch.utils._python_dispatch import TorchDispatchMode

from copyist.bench.operation_work import Work, operation_name, work_of

KINDS = (
    "convolution",
    "convolution, to inputs",
    "convolution, to weights",
    "normalization",
    "activation",
    "resampling",
    "optimizer",
    "copies and casts",
    "the rest",
)
"""Of operations of a step. Resampling is pooling, transposed convolutions and matrix products, by which our U-Net
upsamples; gradients flow to inputs and to weights."""

_KINDS_OF_NAMES = {
    **dict.fromkeys(("native_batch_norm", "native_batch_norm_backward"), "normalization"),
    **dict.fromkeys(("relu", "relu_", "threshold_backward"), "activation"),
    **dict.fromkeys(("max_pool2d_with_indices", "max_pool2d_with_indices_backward"), "resampling"),
    **dict.fromkeys(("mm", "addmm", "bmm"), "resampling"),
    **dict.fromkeys(("_to_copy", "clone", "copy_", "repeat", "cat", "stack", "index"), "copies and casts"),
}

BOTH_GRADIENTS = "convolution, to inputs and weights"
"""What computes both in one call. It is none of `KINDS`, between two of which it is divided."""

OPTIMIZER_STEP = "Optimizer.step"
"""How the names begin under which PyTorch's profiler shows the steps of optimizers."""

_ENTER, _EXIT = "_record_function_enter_new", "_record_function_exit"


@final
@dataclass(frozen=True, kw_only=True)
class Operation:
    """Calls of one operation that have equal work."""

    name: str
    kind: str
    work: Work
    calls: float
    """Per step."""


@final
class StepCounter(TorchDispatchMode):
    """Context manager: counts what is called inside, below autograd.

    Where one call computes a convolution's gradients to its inputs and to its weights, two compute them instead, and
    are timed: the work is the same. The gradient that both read counts in the half to inputs alone.
    """

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[tuple[str, str, Work]] = Counter()
        self.halves = [0.0, 0.0]
        """Seconds of gradients to inputs, and to weights, where both were asked for."""
        self._in_optimizer: list[bool] = []

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name, options = operation_name(func), kwargs or {}
        if name == _ENTER:
            self._in_optimizer.append(str(args[0]).startswith(OPTIMIZER_STEP))
        elif name == _EXIT and self._in_optimizer:
            self._in_optimizer.pop()
        if name in (_ENTER, _EXIT):
            return func(*args, **options)
        kind = kind_of(name, args, in_optimizer=any(self._in_optimizer))
        if kind == BOTH_GRADIENTS:
            return self._by_halves(func, args)
        result = func(*args, **options)
        self.calls[name, kind, work_of(func, args, options, result)] += 1
        return result

    def operations(self, *, steps: int) -> tuple[Operation, ...]:
        """What was counted in so many steps."""
        return tuple(
            Operation(name=name, kind=kind, work=work, calls=count / steps)
            for (name, kind, work), count in self.calls.items()
        )

    def _by_halves(self, backward: Any, args: Sequence[Any]) -> tuple[Any, ...]:
        results: list[Any] = [None, None, None]
        for half, mask in enumerate(([True, False, False], [False, True, args[-1][2]])):
            arguments, since = (*args[:-1], mask), time.perf_counter()
            found = backward(*arguments)
            self.halves[half] += time.perf_counter() - since
            work = work_of(backward, arguments, {}, found, read=("grad_output",) if half else ())
            self.calls[operation_name(backward), KINDS[1 + half], work] += 1
            results = [old if new is None else new for old, new in zip(results, found, strict=True)]
        return tuple(results)


def kind_of(name: str, arguments: Sequence[Any], *, in_optimizer: bool) -> str:
    """One of `KINDS`, or `BOTH_GRADIENTS`.

    Args:
        name: of the operation, without namespace.
        arguments: by position; those that are no tensors are looked at alone.
        in_optimizer: whether it is called by the optimizer.
    """
    if in_optimizer or name.startswith(("_foreach", "_fused")):
        return "optimizer"
    if name == "convolution":
        return "resampling" if arguments[6] else "convolution"
    if name == "convolution_backward":
        (to_inputs, to_weights, _), transposed = arguments[10], arguments[7]
        if transposed:
            return "resampling"
        return BOTH_GRADIENTS if to_inputs and to_weights else KINDS[1 if to_inputs else 2]
    return _KINDS_OF_NAMES.get(name, "the rest")
