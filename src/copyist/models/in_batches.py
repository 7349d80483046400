"""How a model takes many images: in batches of a stated size, so that batch statistics have one meaning everywhere."""

__all__ = ["apply_in_batches", "batches", "in_batches", "in_use"]

import contextlib
from collections.abc import Callable, Generator

import torch
from torch import Tensor

from copyist.checks import check_at_least
from copyist.models.contracts import Model


def batches(num_images: int, *, batch_size: int, fill: bool) -> list[tuple[Tensor, int]]:
    """Which images go into each batch, and how many of its answers count.

    Images are taken in order. With `fill` the last batch is filled up by going round all images again, and fewer
    images than a batch are repeated until it is full. Where a whole number of repetitions would fill the batch they are
    left out: means and variances are the same without.

    Raises:
        ArgumentError: `batch_size` is less than 1.
    """
    check_at_least("batch size", batch_size, 1)
    if num_images <= batch_size and (not fill or batch_size % num_images == 0):
        return [(torch.arange(num_images), num_images)]
    chosen: list[tuple[Tensor, int]] = []
    for start in range(0, num_images, batch_size):
        count = min(batch_size, num_images - start)
        indices = torch.arange(start, start + (batch_size if fill else count)) % num_images
        chosen.append((indices, count))
    return chosen


def apply_in_batches(function: Callable[[Tensor], Tensor], x: Tensor, *, batch_size: int, fill: bool = True) -> Tensor:
    """Apply any function of (B, ...) to `x` in the batches of `batches`, and put its answers together.

    Raises:
        ArgumentError: `batch_size` is less than 1.
    """
    chosen = batches(len(x), batch_size=batch_size, fill=fill)
    return torch.cat([function(x[indices.to(x.device)])[:count] for indices, count in chosen])


def in_batches(
    model: Model, function: Callable[[Tensor], Tensor], x: Tensor, *, batch_size: int | None = None
) -> Tensor:
    """Apply `function`, a part of `model`, to (B, ...) in batches of the model's stored size unless told otherwise.

    The model is in evaluation mode meanwhile: to be asked changes nothing in it.

    Raises:
        ArgumentError: `batch_size` is less than 1.
    """
    size = model.batch_size if batch_size is None else batch_size
    with in_use(model):
        return apply_in_batches(function, x, batch_size=size, fill=model.uses_batch_statistics)


@contextlib.contextmanager
def in_use(model: Model) -> Generator[None, None, None]:
    """A context in which the model is in evaluation mode, and after which all its parts are as they were."""
    training = [part for part in model.modules() if part.training]
    for part in training:
        part.training = False
    try:
        yield
    finally:
        for part in training:
            part.training = True
