"""Two threads in the place of two processes that exchange tensors."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch
from torch import Tensor

Result = TypeVar("Result")


class Meeting:
    """Where two threads exchange what two processes would."""

    def __init__(self) -> None:
        self.messages = 0
        """How many exchanges there were."""
        self._own, self._met, self._given = threading.local(), threading.Barrier(2, timeout=30), [torch.empty(0)] * 2

    def gather(self, x: Tensor) -> Tensor:
        """As `copyist.devices.gather_batch`."""
        self._given[self._own.rank] = x
        self.messages += self._own.rank == 0
        self._met.wait()
        whole = torch.cat(self._given)
        self._met.wait()
        return whole

    @property
    def rank(self) -> int:
        """Of the thread that asks."""
        return int(self._own.rank)

    def run(self, work: Callable[[int], Result]) -> list[Result]:
        """What both make, each called with its rank."""

        def one(rank: int) -> Result:
            self._own.rank = rank
            return work(rank)

        with ThreadPoolExecutor(2) as threads:
            return list(threads.map(one, (0, 1)))
