"""Ctrl-C waits until a step is whole, and the machine computes reproducibly meanwhile."""

__all__ = ["Interrupts", "reproducible"]

import contextlib
import signal
from collections.abc import Generator
from types import FrameType, TracebackType
from typing import Any, Self

import torch


class Interrupts:
    """A context that turns Ctrl-C and a polite kill into a flag; asked for twice, they act at once."""

    def __init__(self) -> None:
        self.seen = False
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            # Only the main thread may handle signals; elsewhere they are its affair.
            with contextlib.suppress(ValueError):
                self._handlers[number] = signal.signal(number, self._see)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def _see(self, number: int, frame: FrameType | None) -> None:
        if self.seen:
            raise KeyboardInterrupt
        self.seen = True


@contextlib.contextmanager
def reproducible() -> Generator[None, None, None]:
    """A context in which cuDNN chooses its algorithms by rule, so that the same step gives the same bits."""
    before = (torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark)
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    try:
        yield
    finally:
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = before
