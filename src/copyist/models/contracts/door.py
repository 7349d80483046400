"""The door of every verb: what a user has as examples becomes the batch that a model takes, or is refused."""

__all__ = ["check_answer", "take_batch"]

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from copyist.checks import check_images
from copyist.errors import ArgumentError, ContractError, ShapeError
from copyist.models.contracts.model import Model
from copyist.nn.standardization import Standardization
from copyist.tensors import Examples, ExamplesLike

_BRIGHT = 4.0
"""Images without a negative value that reach beyond this are in units of 8 or 16 bits: noise takes both ways."""

_WILD = 100.0
"""Values beyond this, of either sign, are in other units whatever they are."""

_SCALED = {torch.uint8: 255.0, torch.uint16: 65535.0, torch.bool: 1.0}
"""Integers that images are stored in, and what stands for 1."""


def take_batch(model: nn.Module, x: ExamplesLike, *, name: str = "images", keep_graph: bool = False) -> Examples:
    """The batch (B, ...) that a model takes, of what a user gives, in the type of the model's weights on their device.

    uint8 and uint16 of images are scaled to [0, 1]. Floats may leave that range, as noise does; refused are those that
    look like 8 or 16 bits: none negative and some above 4, or some beyond ±100. Rows of a table may have any values.

    Args:
        model: any module; one that keeps no contract takes images.
        x: a tensor or array of numbers on any device, or a list of those without the batch axis.
        name: what a refusal calls it.
        keep_graph: whether gradients are to reach `x`.

    Raises:
        ShapeError: it has not the shape of images, or of rows, that the model takes.
        ArgumentError: it holds no numbers, or a value that is not finite, or those of other units.
    """
    tables = isinstance(model, Model) and model.takes_tables
    if isinstance(model, Model) and hasattr(x, "columns"):
        # A data frame, whose columns may stand in another order.
        model.check_columns(tuple(map(str, cast("Any", x).columns)))
    given = _as_tensor(x, name="a table" if tables else name)
    _check_channels_first(model, given, name=name)
    batch = _as_floats(given, model, tables=tables, name=name)
    if isinstance(model, Model):
        model.check_batch(batch)
    else:
        check_images(batch, name=name)
    _check_values(batch, tables=tables, name=name)
    return batch if keep_graph else batch.detach()


def check_answer(answer: Tensor) -> Tensor:
    """Return what a model made of a batch, if all of it is finite.

    Raises:
        ContractError: it is not.
    """
    if answer.numel() and not answer.isfinite().all():
        index, value = _first_not_finite(answer)
        raise ContractError(
            f"a model must give finite values, got {value:g} for example {index}; train it again with a lower learning "
            "rate (--set learning_rate=0.0001)"
        )
    return answer


def _as_tensor(x: ExamplesLike, *, name: str) -> Tensor:
    """As it is, of whatever holds numbers."""
    if isinstance(x, Tensor):
        if x.is_complex() or x.layout != torch.strided or x.is_quantized:
            what = x.dtype if x.is_complex() or x.is_quantized else x.layout
            raise ArgumentError(f"{name} must be a dense tensor of real numbers, got {what}; convert it first")
        return x
    if isinstance(x, str | bytes) or type(x).__module__.startswith("PIL."):
        what = f"a {type(x).__name__} of {type(x).__module__.partition('.')[0]}"
        raise ArgumentError(f"{name} must be an array or a tensor, got {what}; {_REMEDY}")
    if isinstance(x, Sequence):
        return _stacked(x, name=name)
    if isinstance(x, np.ma.MaskedArray) and np.ma.is_masked(x):
        raise ArgumentError(f"{name} must have all values, got an array with masked ones; fill them with x.filled(…)")
    array = np.asarray(x)
    if array.dtype.kind not in "buif":
        raise ArgumentError(f"{name} must hold real numbers, got {array.dtype} of {type(x).__name__}; {_REMEDY}")
    # Neither another byte order, nor memory that runs backward or may not be written, is torch's.
    return torch.from_numpy(np.array(array, dtype=array.dtype.newbyteorder("=")))


_REMEDY = "give its values as an array (B, C, H, W) of images, or (B, D) of rows"


def _stacked(items: Sequence[Any], *, name: str) -> Tensor:
    if not len(items):
        raise ShapeError(f"{name} must be at least one, got an empty list; give some")
    if all(isinstance(item, bool | int | float) for item in items):
        return torch.tensor(items)
    parts = [_as_tensor(item, name=name) for item in items]
    shapes = list(dict.fromkeys(tuple(part.shape) for part in parts))
    if len(shapes) > 1:
        raise ShapeError(f"{name} in a list must have one shape, got {shapes[0]} and {shapes[1]}; give them one by one")
    return torch.stack([part.to(parts[0].device) for part in parts])


def _check_channels_first(model: nn.Module, x: Tensor, *, name: str) -> None:
    shape = model.image_shape if isinstance(model, Model) else None
    if shape is not None and x.ndim == 4 and x.shape[1] != shape[0] == x.shape[3]:
        raise ShapeError(
            f"{name} must have shape (B, C, H, W), got {tuple(x.shape)} with the channels last; move them with "
            f"np.moveaxis(x, 3, 1), or x.movedim(3, 1) of a tensor"
        )


def _as_floats(x: Tensor, model: nn.Module, *, tables: bool, name: str) -> Tensor:
    weight = next((each for each in model.parameters() if each.is_floating_point()), None)
    dtype = weight.dtype if weight is not None else x.dtype if x.dtype == torch.float64 else torch.float32
    device = x.device if weight is None else weight.device
    if tables and any(isinstance(part, Standardization) and part.has_origin for part in model.modules()):
        # A column lies so far from 0 that the numbers of the table are told apart in 64 bits only.
        return x.to(device, torch.float32 if device.type == "mps" else torch.float64)
    if tables or x.is_floating_point():
        return x.to(device, dtype)
    if x.dtype not in _SCALED:
        raise ArgumentError(
            f"{name} must be uint8, uint16 or floats in [0, 1], got {str(x.dtype).removeprefix('torch.')}; give 8-bit "
            "values as uint8"
        )
    return x.to(device).to(torch.float32).div_(_SCALED[x.dtype]).to(dtype)


@torch.no_grad()
def _check_values(x: Tensor, *, tables: bool, name: str) -> None:
    low, high = (float(end) for end in torch.aminmax(x))
    what = "a table" if tables else name
    if not (np.isfinite(low) and np.isfinite(high)):
        index, value = _first_not_finite(x)
        raise ArgumentError(
            f"{what} must hold finite values, got {value:g} in {'row' if tables else 'image'} {index}; replace or drop "
            "it"
        )
    if not tables and ((low >= 0 and high > _BRIGHT) or max(-low, high) > _WILD):
        raise ArgumentError(
            f"{name} must be floats in [0, 1], which noise may leave a little, got {low:g} to {high:g}; divide them by "
            f"{255 if high <= 255 else 65535}"
        )


def _first_not_finite(x: Tensor) -> tuple[int, float]:
    place = (~x.isfinite()).nonzero()[0]
    return int(place[0]), float(x[tuple(place)])
