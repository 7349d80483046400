"""Applying a model to many images in batches of a stated size, so that batch statistics mean the same everywhere."""

__all__ = ["apply_in_batches", "batch_indices", "evaluation_mode", "in_batches"]

import contextlib
from collections.abc import Callable, Generator

import torch
from torch import Tensor, distributed

from copyist.checks import check_at_least
from copyist.devices import gather_batch, num_processes
from copyist.float32 import full_float32
from copyist.models.contracts import Model
from copyist.nn.norm import weigh_images


def batch_indices(num_images: int, *, batch_size: int, fill: bool) -> list[tuple[Tensor, int]]:
    """The indices of the images in each batch, and how many of the batch's outputs to keep.

    Images are taken in order. With `fill` the last batch is filled with images from the start, and fewer images than
    a batch are repeated until it is full. Where a whole number of repetitions would fill the batch, the images are
    taken once: means and variances are the same.

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
    """Apply any function of (B, ...) to `x` in the batches of `batch_indices`, and concatenate the outputs.

    Raises:
        ArgumentError: `batch_size` is less than 1.
    """
    if isinstance(function, Model) and fill and _is_filled_by_counts(function, len(x), batch_size):
        return _weighed(function, function, x, batch_size)
    chosen = batch_indices(len(x), batch_size=batch_size, fill=fill)
    return torch.cat([function(x[indices.to(x.device)])[:count] for indices, count in chosen])


def in_batches(
    model: Model,
    function: Callable[[Tensor], Tensor],
    x: Tensor,
    *,
    batch_size: int | None = None,
    shared: bool = False,
) -> Tensor:
    """Apply `function`, a part of `model`, to (B, ...) in batches of `batch_size`.

    The default is the batch size that the model stores. The function runs with the model in evaluation mode, and in
    full float32 where no autocast is entered. Fewer
    images than a batch are not repeated, but counted several times, where the model `weighs_images`.

    Where the work is `shared`, all processes make the same call, each computes some of the batches, and all get the
    outputs of all of them: the batches, and so the outputs, are those of one process.

    Raises:
        ArgumentError: `batch_size` is less than 1.
    """
    if torch.compiler.is_compiling():
        # A program that is traced must not depend on how many there are: they are its one batch.
        with evaluation_mode(model):
            return function(x)
    size = model.batch_size if batch_size is None else batch_size
    # Settings of the process, which threads on a CPU would take from each other; there nothing stands in for float32.
    with evaluation_mode(model), full_float32() if x.is_cuda else contextlib.nullcontext():
        if _is_filled_by_counts(model, len(x), size):
            return _weighed(model, function, x, size)
        chosen = batch_indices(len(x), batch_size=size, fill=model.uses_batch_statistics)
        if shared and len(chosen) > 1 and num_processes() > 1:
            return _divided(function, x, chosen)
        return torch.cat([function(x[indices.to(x.device)])[:count] for indices, count in chosen])


@contextlib.contextmanager
def evaluation_mode(model: Model) -> Generator[None, None, None]:
    """Context manager: evaluation mode inside, each part's own mode restored on exit."""
    training = [part for part in model.modules() if part.training]
    for part in training:
        part.training = False
    try:
        yield
    finally:
        for part in training:
            part.training = True


def _divided(function: Callable[[Tensor], Tensor], x: Tensor, chosen: list[tuple[Tensor, int]]) -> Tensor:
    """The outputs for these batches, of which each process computes one, then the next one that no other does."""
    rank, world_size = distributed.get_rank(), num_processes()
    size, outputs = max(count for _, count in chosen), list[Tensor]()
    for first in range(0, len(chosen), world_size):
        # Who has none left computes the last one too, whose outputs tell the shape that all exchange.
        indices, count = chosen[min(first + rank, len(chosen) - 1)]
        own = function(x[indices.to(x.device)])[:count]
        full = torch.cat([own, own.new_zeros(size - count, *own.shape[1:])])
        parts = _laid_out_like(own, gather_batch(full)).split(size)
        outputs += [part[:count] for part, (_, count) in zip(parts, chosen[first : first + world_size], strict=False)]
    return torch.cat(outputs)


def _laid_out_like(own: Tensor, whole: Tensor) -> Tensor:
    """`whole` with the layout of `own` in memory, which decides by which kernel the next layer computes."""
    if own.ndim != 4 or own.is_contiguous() or not own.is_contiguous(memory_format=torch.channels_last):
        return whole
    return whole.contiguous(memory_format=torch.channels_last)


def _is_filled_by_counts(model: Model, num_images: int, batch_size: int) -> bool:
    """Whether the images are fewer than a batch, do not fill it evenly, and can count several times."""
    fills = model.uses_batch_statistics and model.weighs_images
    return fills and num_images < batch_size and batch_size % num_images != 0


def _weighed(model: Model, function: Callable[[Tensor], Tensor], x: Tensor, batch_size: int) -> Tensor:
    """The outputs for images that are repeated in turn until a batch is full."""
    full, more = divmod(batch_size, len(x))
    counts = full + (torch.arange(len(x), device=x.device) < more).long()
    with weigh_images(model, counts):
        return function(x)
