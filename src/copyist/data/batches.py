"""Batches of training steps: decided by the seed and the step, so that training can resume at any step."""

__all__ = ["Batches", "flips", "indices"]

from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from typing import Any, final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from copyist.checks import check_at_least, check_within
from copyist.data.examples import ExampleSet
from copyist.data.shard_array import ShardArray
from copyist.errors import ArgumentError, DataError
from copyist.files.values import as_floats
from copyist.randomness import generator
from copyist.tensors import Examples

DEVICE_SHARE = 0.4
"""Of the free memory of a device, what examples may take there."""


@final
class Batches:
    """The examples of every training step, decided by the seed and the step alone.

    Sets in memory are held once on the device, in the depth they are stored in, and batches are gathered there. Sets
    that are mapped from disk, lie in shards, or are too large for the device, are gathered by a thread, one step ahead;
    values are equal.
    """

    def __init__(
        self,
        examples: ExampleSet,
        *,
        batch_size: int,
        seed: int,
        flip: bool = False,
        mirrored: ExampleSet | None = None,
        device: torch.device | str = "cpu",
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        """Take hold of the data.

        Args:
            examples: what is trained on.
            batch_size: of all devices together.
            seed: of the run.
            flip: whether every image is mirrored left to right half of the time; rows of a table never are.
            mirrored: what stands for each example when it is mirrored, as codes of mirrored images do; None turns the
                example itself.
            device: where batches are wanted.
            rank: which of the devices this is.
            world_size: how many there are; `batch_size` must be a multiple.

        Raises:
            ArgumentError: a number is out of its range.
            DataError: there are no examples.
        """
        check_at_least("batch_size", batch_size, 1)
        check_at_least("world_size", world_size, 1)
        check_within("rank", rank, 0, world_size - 1)
        if batch_size % world_size:
            raise ArgumentError(f"batch_size must be a multiple of world_size, got {batch_size} and {world_size}")
        if not len(examples):
            raise DataError(f"{examples.source} must hold at least one example to train on, and is empty")
        self._array = examples.array
        self._batch_size, self._seed, self._flip = batch_size, seed, flip and not examples.is_table
        share = batch_size // world_size
        self._slice = slice(rank * share, (rank + 1) * share)
        self._device = torch.device(device)
        self._held = _hold(examples, self._device)
        self._mirrored = None if mirrored is None or not self._flip else as_floats(mirrored.array).to(self._device)
        labels = examples.labels
        self._labels = None if labels is None else torch.from_numpy(np.array(labels)).to(self._device)
        self._ahead: dict[int, Future[npt.NDArray[Any]]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="copyist-batches") if self._held is None else None

    def batch(self, step: int) -> Examples:
        """The images of a step, (batch_size / world_size, C, H, W), float32 in [0, 1], on the device; or rows."""
        held = self._held
        rows = self._gather(step) if held is None else _floats(held[self._rows(step).to(self._device)])
        if not self._flip:
            return rows
        mirrored = flips(step, batch_size=self._batch_size, seed=self._seed)[self._slice].to(self._device)
        turned = rows.flip(-1) if self._mirrored is None else self._mirrored[self._rows(step).to(self._device)]
        return torch.where(mirrored[:, None, None, None], turned, rows)

    def labels(self, step: int) -> Tensor | None:
        """The classes of the images of a step, int64 (batch_size / world_size,), or None where there are none."""
        return None if self._labels is None else self._labels[self._rows(step).to(self._device)]

    def _rows(self, step: int) -> Tensor:
        count = len(self._array)
        rows = indices(step, num_examples=count, batch_size=self._batch_size, seed=self._seed)
        return rows[self._slice]

    def _gather(self, step: int) -> Tensor:
        """This step's images on the device, while the next step's are already being read."""
        found = (self._ahead.pop(step, None) or self._begin_to_read(step)).result()
        self._ahead = {step + 1: self._begin_to_read(step + 1)}
        if found.dtype == np.uint8:
            return _floats(torch.from_numpy(found).to(self._device))
        return as_floats(found).to(self._device)

    def _begin_to_read(self, step: int) -> Future[npt.NDArray[Any]]:
        assert self._thread is not None
        return self._thread.submit(self._read, self._rows(step).numpy())

    def _read(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """By NumPy alone: an operation of PyTorch would start a team of threads of its own here, which waits for work
        on the cores that the step needs."""
        ascending, places = np.unique(rows, return_inverse=True)
        return self._array[ascending][places]


def indices(step: int, *, num_examples: int, batch_size: int, seed: int) -> Tensor:
    """The examples of training step `step`, int64 (batch_size,).

    The epochs, each its own permutation of all examples, stand in one long row, and step k reads positions
    k·B … (k + 1)·B − 1 of it. A batch may thus run across the border of two epochs, and may even be larger than one.

    Args:
        step: counted from 0; no earlier step needs to have been computed.
        num_examples: N, how many there are.
        batch_size: B, of all devices together; each takes a slice.
        seed: of the run.

    Raises:
        ArgumentError: `step` is negative, or a count is below 1.
    """
    check_at_least("step", step, 0)
    check_at_least("num_examples", num_examples, 1)
    check_at_least("batch_size", batch_size, 1)
    position, end = step * batch_size, (step + 1) * batch_size
    pieces: list[Tensor] = []
    while position < end:
        epoch, offset = divmod(position, num_examples)
        piece = _permutation(epoch, num_examples, seed)[offset : offset + end - position]
        pieces.append(piece)
        position += len(piece)
    return torch.cat(pieces)


def flips(step: int, *, batch_size: int, seed: int) -> Tensor:
    """Which examples of a step are mirrored left to right, bool (batch_size,), each with probability ½.

    Raises:
        ArgumentError: `step` is negative, or `batch_size` is below 1.
    """
    check_at_least("step", step, 0)
    check_at_least("batch_size", batch_size, 1)
    return torch.rand(batch_size, generator=generator(seed, "flips", step)) < 0.5


def _hold(examples: ExampleSet, device: torch.device) -> Tensor | None:
    """All images on the device, or None where they are mapped from disk, lie in shards, or do not fit."""
    array = examples.array
    if isinstance(array, np.memmap | ShardArray):
        return None
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        stored = array.nbytes if array.dtype == np.uint8 else 4 * array.size
        if stored > DEVICE_SHARE * free:
            return None
    if array.dtype == np.uint8:
        return torch.from_numpy(np.require(array, requirements=["C", "W"])).to(device)
    return as_floats(array).to(device)


def _floats(rows: Tensor) -> Tensor:
    return rows.float().div_(255) if rows.dtype == torch.uint8 else rows


@lru_cache(maxsize=4)
def _permutation(epoch: int, num_examples: int, seed: int) -> Tensor:
    return torch.randperm(num_examples, generator=generator(seed, "order", epoch))
