"""How large the code of a model is beside its example; it is overcomplete from 1 on."""

__all__ = ["code_ratio", "code_shape"]

import math

import torch

from copyist.models.contracts import Autoencoder, Model
from copyist.models.in_batches import evaluation_mode


@torch.no_grad()
def code_shape(model: Model, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """The shape of the code of one example, such as (256, 4, 4).

    Args:
        model: any; it encodes one example of zeros.
        shape: (C, H, W) of an image, or (D,) of a row of a table.

    Returns:
        The shape of E(x) for one x; None for a model without a code.

    Raises:
        ShapeError: the model does not take such an example.
    """
    if not isinstance(model, Autoencoder):
        return None
    weight = next(model.parameters(), torch.empty(0))
    x = torch.zeros(1, *shape, dtype=weight.dtype, device=weight.device)
    model.check_batch(x)
    with evaluation_mode(model):
        return tuple(model.encode(x).shape[1:])


def code_ratio(model: Model, shape: tuple[int, ...]) -> float | None:
    """Values of the code per value of an example of this shape; below 1 no copy can be perfect.

    Args:
        model: any.
        shape: (C, H, W) of an image, or (D,) of a row of a table.

    Returns:
        The ratio, greater than 0; None for a model without a code, such as a U-Net with skips.

    Raises:
        ShapeError: the model does not take such an example.
    """
    found = code_shape(model, shape)
    return None if found is None else math.prod(found) / math.prod(shape)
