"""Which examples a training step sees: decided by the seed and the step, so that any step can be taken up again."""

__all__ = ["flips", "indices"]

from functools import lru_cache

import torch
from torch import Tensor

from copyist.checks import check_at_least
from copyist.randomness import generator


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


@lru_cache(maxsize=4)
def _permutation(epoch: int, num_examples: int, seed: int) -> Tensor:
    return torch.randperm(num_examples, generator=generator(seed, "order", epoch))
