"""Pictures of many sizes through one model: padded to what it takes, in batches of one size, and cut back."""

__all__ = ["Batch", "apply_to_stream", "batches_of", "codes_of_stream", "device_of", "in_stream", "padded"]

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import TypeVar, final

import torch
from torch import Tensor
from torch.nn import functional as F

from copyist.checks import check_at_least
from copyist.devices import available_memory_on
from copyist.errors import ShapeError
from copyist.memory import check_memory
from copyist.models.contracts import Diffusion, Model
from copyist.models.footprint import memory_of_answer
from copyist.models.shapes import image_shape
from copyist.procedures.tiles import LARGEST_WHOLE, apply_in_tiles, takes_tiles
from copyist.tensors import Images

_SMALL = 2**18
"""Pixels at once for which no one asks how much memory there is."""

_T = TypeVar("_T")


@final
@dataclass(frozen=True)
class Batch:
    """Pictures that a model sees at once."""

    rows: tuple[int, ...]
    """Their numbers, in order."""

    fills: tuple[int, ...] = ()
    """Of the batch that fills it, where it is not full and the model goes by the statistics of batches."""

    number: int = 0
    """The batch's place among all, by which a process that judges only some batches knows whether heat still fits."""


def apply_to_stream(
    model: Model,
    function: Callable[[Images], Images],
    read: Callable[[Sequence[int]], Iterable[tuple[_T, Tensor]]],
    *,
    shapes: Sequence[tuple[int, int, int]],
    names: Sequence[str],
    passes: int = 1,
    batch_size: int | None = None,
) -> Iterator[tuple[_T, Tensor]]:
    """Apply a verb, from images to images of the same shape, to pictures of any sizes, which need not fit into memory.

    Pictures of one size go through `function` together, in their order, one batch at a time. Sides that are no
    multiples of what the model takes are padded by reflection at the right and bottom, and the answers cut back.
    Pictures of more than 4 megapixels go through in tiles where the model allows it, with the same answer.

    Args:
        model: gives the sizes that it takes, its batch size and its device.
        function: the verb, for one batch, or for images fewer than a batch, which it fills.
        read: gives what belongs to a picture, and its pixels (C, H, W), for numbers of pictures, in their order; it
            may leave out some.
        shapes: (C, H, W) of each picture, as the model takes it.
        names: of the pictures, for sentences about them.
        passes: how many times the answer is copied again.
        batch_size: images per batch; None takes the model's own.

    Returns:
        What belongs to each picture, and its answer (C, H, W) on the CPU: sizes in the order in which they first
        come, and pictures of one size in theirs.

    Raises:
        ShapeError: the model does not take a picture, which is named.
        ArgumentError: `batch_size` is less than 1, or what the model must see at once does not fit into memory.
    """
    groups = _groups(model, shapes, names, batch_size)
    device = device_of(model)
    order = [row for rows in groups.values() for row in rows]

    def answers() -> Iterator[tuple[_T, Tensor]]:
        for (_, height, width), pictures in groupby(read(order), key=lambda picture: tuple(picture[1].shape)):
            fitting = ((what, _pad(x[None], model.size_multiple)[0]) for what, x in pictures)
            if _is_tiled(model, height * width):
                for what, x in fitting:
                    answer = x
                    del x
                    for _ in range(passes):
                        answer = apply_in_tiles(model, function, answer, device=device)
                    yield what, answer[:, :height, :width]
                    del what, answer
                continue
            size = _images_at_once(model, height * width, batch_size)
            for what, x_hat in in_stream(model, function, fitting, passes=passes, batch_size=size):
                yield what, x_hat[:, :height, :width]

    return answers()


def batches_of(
    model: Model, *, shapes: Sequence[tuple[int, int, int]], names: Sequence[str], batch_size: int | None = None
) -> list[Batch]:
    """The batches in which `apply_to_stream` gives pictures to a model, in their order.

    Args:
        model: as there.
        shapes: (C, H, W) of each picture, as the model takes it.
        names: of the pictures, for sentences about them.
        batch_size: images per batch; None takes the model's own.

    Raises:
        ShapeError, ArgumentError: as `apply_to_stream`.
    """
    batches: list[Batch] = []
    for (_, height, width), rows in _groups(model, shapes, names, batch_size).items():
        size = 1 if _is_tiled(model, height * width) else _images_at_once(model, height * width, batch_size)
        first, *others = (tuple(rows[start : start + size]) for start in range(0, len(rows), size))
        batches.append(Batch(first))
        fills = first if model.uses_batch_statistics else ()
        batches += [Batch(each, fills if len(each) < size else ()) for each in others]
    return batches


def codes_of_stream(
    model: Model,
    function: Callable[[Images], Tensor],
    pictures: Iterable[tuple[_T, Tensor]],
    *,
    shape: tuple[int, int, int],
    count: int,
    name: str,
    batch_size: int | None = None,
) -> Iterator[tuple[_T, Tensor]]:
    """Apply a verb, from images to codes, to pictures of one size, one batch at a time.

    Args:
        model: whose codes they are.
        function: the verb, for one batch, or for images fewer than a batch, which it fills.
        pictures: what belongs to each, and its pixels (C, H, W).
        shape: (C, H, W) of each.
        count: how many there are.
        name: of the first, for a sentence about them.
        batch_size: images per batch; None takes the model's own.

    Returns:
        What belongs to each picture, and its code (...) on the CPU, in their order.

    Raises:
        ShapeError: the model does not take them; a code of what they would be padded to is not theirs.
        ArgumentError: `batch_size` is less than 1, or what the model must see at once does not fit into memory.
    """
    _check_shape(model, shape, name=name, pad=False)
    _check_fit(model, shape, count, batch_size, name=name, tiles=False)
    return in_stream(model, function, pictures, batch_size=_images_at_once(model, shape[1] * shape[2], batch_size))


def in_stream(
    model: Model,
    function: Callable[[Tensor], Tensor],
    examples: Iterable[tuple[_T, Tensor]],
    *,
    passes: int = 1,
    batch_size: int | None = None,
) -> Iterator[tuple[_T, Tensor]]:
    """Apply a function of (B, ...) to examples of one shape as they come, by the rule of `batch_indices`.

    The answers are those of `in_batches`, of which each pass takes those of the one before. Of the examples only a
    batch is held, and with batch statistics the first, which fills the last.

    Args:
        model: whose part `function` is.
        function: for one batch, or for examples fewer than a batch, which it fills.
        examples: what belongs to each, and the example itself (...).
        passes: how many times the function is applied in turn.
        batch_size: examples per batch; None takes the model's own.

    Returns:
        What belongs to each example, and its answer, float32 on the CPU.
    """
    size = model.batch_size if batch_size is None else batch_size
    device, stream, first = device_of(model), iter(examples), list[Tensor]()
    while members := list(islice(stream, size)):
        x = torch.stack([example for _, example in members]).to(device)
        belonging = [what for what, _ in members]
        del members  # An example is not held once it is in the batch.
        begins = model.uses_batch_statistics and not first and len(x) == size
        fills = first if len(x) < size else []
        for number in range(passes):
            if begins:
                first.append(x)
            x = function(torch.cat([x, fills[number][: size - len(x)]]) if fills else x)[: len(belonging)]
        answers = x.float().cpu()
        del x
        yield from zip(belonging, answers, strict=True)
        del belonging, answers


def padded(model: Model, x: Images, *, name: str) -> Images:
    """Images (B, C, H, W) of sides that the model takes: padded by reflection at the right and bottom.

    Args:
        model: gives the sizes that it takes.
        x: the images.
        name: of the first, for a sentence about them.

    Raises:
        ShapeError: the model does not take them; the sentence is about the sides that they have.
    """
    _check_shape(model, image_shape(tuple(x.shape[1:])), name=name)
    return _pad(x, model.size_multiple)


def device_of(model: Model) -> torch.device:
    """Where the model is."""
    return next((weight.device for weight in model.parameters()), torch.device("cpu"))


def _groups(
    model: Model, shapes: Sequence[tuple[int, int, int]], names: Sequence[str], batch_size: int | None
) -> dict[tuple[int, int, int], list[int]]:
    """The numbers of the pictures of each size, all of which the model takes."""
    groups: dict[tuple[int, int, int], list[int]] = {}
    for row, shape in enumerate(shapes):
        groups.setdefault(shape, []).append(row)
    for shape, rows in groups.items():
        _check_shape(model, shape, name=names[rows[0]])
        _check_fit(model, shape, len(rows), batch_size, name=names[rows[0]])
    return groups


def _images_at_once(model: Model, num_pixels: int, batch_size: int | None) -> int:
    if batch_size is not None:
        check_at_least("batch size", batch_size, 1)
        return batch_size
    # Which images stand beside one decides only where the statistics are the batch's.
    return (
        model.batch_size if model.uses_batch_statistics else min(model.batch_size, max(1, LARGEST_WHOLE // num_pixels))
    )


def _is_tiled(model: Model, num_pixels: int) -> bool:
    return num_pixels > LARGEST_WHOLE and takes_tiles(model)


def _check_fit(
    model: Model, shape: tuple[int, int, int], count: int, batch_size: int | None, *, name: str, tiles: bool = True
) -> None:
    """Refuse pictures that are too large to be seen whole, or so many at once.

    Raises:
        ArgumentError: they do not fit into memory.
    """
    channels, height, width = shape
    at_once = min(count, _images_at_once(model, height * width, batch_size))
    if at_once * height * width < _SMALL or (tiles and _is_tiled(model, height * width)):
        return
    sides = [side + -side % model.size_multiple for side in (height, width)]
    device = device_of(model)
    needed = memory_of_answer(model, (at_once, channels, *sides))
    if device.type == "cpu":
        needed += 4 * 4 * at_once * channels * height * width  # what was read, beside the batch and its answer
    if at_once > 1:
        what, remedy = f"{at_once} pictures of {height}x{width} at once", "take fewer (--batch 1) or smaller ones"
    else:
        what, remedy = f"{name} of {height}x{width}, which this model must see whole,", "take a smaller one"
    check_memory(needed, what, remedy=f"{remedy} (?size=1024)", available=available_memory_on(device))


def _check_shape(model: Model, shape: tuple[int, int, int], *, name: str, pad: bool = True) -> None:
    channels, height, width = shape
    multiple = model.size_multiple if pad else 1
    try:
        _check_whole(model, (channels, height + -height % multiple, width + -width % multiple))
    except ShapeError:
        try:
            # The sentence is to name the sides that the picture has.
            _check_whole(model, shape)
        except ShapeError as error:
            raise ShapeError(f"{name} cannot be taken: {error}") from error
        raise


def _check_whole(model: Model, shape: tuple[int, ...]) -> None:
    # A diffusion model of codes is given those of an image. Zeros that take no memory.
    taken = model.space_shape(shape) if isinstance(model, Diffusion) else shape
    model.check_input(torch.zeros(1).expand(1, *taken))


def _pad(x: Images, multiple: int) -> Images:
    height, width = x.shape[-2:]
    below, right = -height % multiple, -width % multiple
    if not (below or right):
        return x
    # A reflection reaches at most one side less one pixel; smaller pictures repeat their edge.
    mode = "reflect" if below < height and right < width else "replicate"
    return F.pad(x, (0, right, 0, below), mode=mode)
