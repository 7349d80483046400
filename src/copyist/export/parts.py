"""A part of a model that can leave PyTorch, at the shape of examples that it is exported at."""

__all__ = ["find_part", "part_names"]

import copy

import torch

from copyist.checks import check_choice
from copyist.errors import ArgumentError, ContractError
from copyist.export.examples import draw_examples
from copyist.export.families import WHOLE, specifications
from copyist.export.part import Part
from copyist.models.contracts import Diffusion, Model

_OWN_SIDE = 4
"""How many times as far as it may be halved an image reaches, where a model does not say what it was trained on."""

_OF_CODES = {
    "encoder": "a model with a code",
    "decoder": "a model with a code",
    "analysis": "a codec after its training",
    "synthesis": "a codec after its training",
}
"""Parts that not all models have, and what has them."""


def part_names(model: Model) -> tuple[str, ...]:
    """The parts that `find_part` finds in a model, the whole first."""
    return tuple(specifications(model))


def find_part(model: Model, name: str = WHOLE, *, size: tuple[int, int] | None = None) -> Part:
    """A part of a model, on the CPU, in evaluation mode; the model itself is left as it is.

    Args:
        model: of any family.
        name: `whole`; `encoder` or `decoder` of a model with a code; `analysis` or `synthesis` of a codec.
        size: (H, W) of the images that it is exported at; None takes that of the training.

    Raises:
        UnknownNameError, ContractError: the model has no such part.
        ShapeError, ArgumentError: it does not take images of this size, or takes no images.
    """
    found = specifications(model)
    if name not in found and name in _OF_CODES:
        raise ContractError(
            f"the {name} is a part of {_OF_CODES[name]}, and {type(model).__name__} is none; leave --part out"
        )
    check_choice("part", name, found)
    shape = _shape(model, size)
    # The tensors that are traced must be those of a CPU, in the precision that every verb computes in.
    own = copy.deepcopy(model).cpu().float().eval().requires_grad_(False)
    chosen = specifications(own)[name]
    _check_shape(own, shape)
    return Part(
        name=name,
        what=chosen.what,
        model=own,
        function=chosen.function,
        inputs=(chosen.input, *chosen.more_inputs),
        outputs=chosen.outputs,
        draw=lambda count, shape: chosen.draw(draw_examples(own, count, shape)),
        shape=shape,
        other_shape=_other_shape(own, shape),
        is_decided=chosen.is_decided,
    )


def _shape(model: Model, size: tuple[int, int] | None) -> tuple[int, ...]:
    """Of the example that is exported at."""
    known = model.example_shape
    if size is not None:
        if model.takes_tables:
            raise ArgumentError(
                f"a size is that of images, got {size[0]}x{size[1]} for a model of tables; leave it out"
            )
        channels = known[0] if known is not None else _channels(model)
        return (channels, *size)
    if known is not None:
        return known
    if model.image_size is not None:
        return (_channels(model), *model.image_size)
    side = _OWN_SIDE * model.size_multiple
    return (_channels(model), side, side)


def _channels(model: Model) -> int:
    found = getattr(model.config, "channels", None)
    if not isinstance(found, int):
        raise ArgumentError(
            "a model is exported at the shape of its training, and it does not say of what images; "
            "train it, or set its trained_on"
        )
    return found


def _check_shape(model: Model, shape: tuple[int, ...]) -> None:
    """Refuse a shape of examples that the model, or its first stage, does not take.

    Raises:
        ShapeError: in the model's own sentence.
    """
    if isinstance(model, Diffusion):
        model.check_batch(torch.zeros(1, *model.space_shape(shape)))
    else:
        model.check_batch(draw_examples(model, 1, shape))


def _other_shape(model: Model, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """A shape of larger images with unlike sides, where the model takes them."""
    if len(shape) != 3 or model.image_size is not None:
        return None
    other = (shape[0], shape[1] + 2 * model.size_multiple, shape[2] + model.size_multiple)
    try:
        _check_shape(model, other)
    except ArgumentError:
        return None
    return other
