"""Checks of arguments, all in one voice: what must rule, got value; remedy."""

__all__ = [
    "check_at_least",
    "check_choice",
    "check_examples",
    "check_finite",
    "check_images",
    "check_positive",
    "check_rows",
    "check_same_examples",
    "check_same_shape",
    "check_whole",
    "check_within",
    "nearest_match",
    "require",
]

import difflib
import importlib
import math
from collections.abc import Iterable
from types import ModuleType
from typing import TYPE_CHECKING, SupportsFloat

from copyist.errors import ArgumentError, MissingExtraError, ShapeError, UnknownNameError

if TYPE_CHECKING:
    from torch import Tensor

    from copyist.tensors import Images, Rows


def check_images(x: "Images", *, name: str = "images") -> None:
    """Refuse anything but a float tensor (B, C, H, W) with at least one image and no empty side.

    Raises:
        ShapeError: `x` is not such a tensor.
        ArgumentError: `x` is no tensor.
    """
    _check_tensor(x, name)
    shape = tuple(x.shape)
    if len(shape) == 3:
        raise ShapeError(
            f"{name} must have shape (B, C, H, W), got {shape}; give a single image a batch axis with x[None]"
        )
    if len(shape) == 2:
        raise ShapeError(f"{name} must have shape (B, C, H, W), got a table of shape {shape}; give images")
    if len(shape) != 4 or 0 in shape:
        raise ShapeError(f"{name} must have shape (B, C, H, W) with no side of 0, got {shape}")
    if not x.is_floating_point():
        raise ShapeError(f"{name} must be floats in [0, 1], got {x.dtype}; divide 8-bit values by 255")


def check_rows(x: "Rows") -> None:
    """Refuse anything but a float tensor (B, D) with at least one row and one column.

    Raises:
        ShapeError: `x` is not such a tensor.
        ArgumentError: `x` is no tensor.
    """
    _check_tensor(x, "a table")
    shape = tuple(x.shape)
    if len(shape) == 1:
        raise ShapeError(f"a table must have shape (B, D), got {shape}; give a single row a batch axis with x[None]")
    if len(shape) == 4:
        raise ShapeError(f"a table must have shape (B, D), got images of shape {shape}; give rows of numbers")
    if len(shape) != 2 or 0 in shape:
        raise ShapeError(f"a table must have shape (B, D) with no side of 0, got {shape}")
    if not x.is_floating_point():
        raise ShapeError(f"a table must hold floats, got {x.dtype}; convert it with x.float()")


def check_examples(x: "Tensor", *, name: str = "examples") -> None:
    """Refuse anything but a float tensor (B, ...) with at least one example and no empty side.

    Raises:
        ShapeError: `x` is not such a tensor.
        ArgumentError: `x` is no tensor.
    """
    _check_tensor(x, name)
    shape = tuple(x.shape)
    if len(shape) < 2 or 0 in shape:
        raise ShapeError(f"{name} must have shape (B, ...) with no side of 0, got {shape}")
    if not x.is_floating_point():
        raise ShapeError(f"{name} must be floats, got {x.dtype}; divide 8-bit values by 255")


def check_same_examples(x_hat: "Tensor", x: "Tensor") -> None:
    """Refuse two batches of examples that differ in shape.

    Raises:
        ShapeError: the shapes differ, or are not those of examples.
    """
    check_examples(x_hat)
    check_examples(x)
    if x_hat.shape != x.shape:
        raise ShapeError(f"both batches must have one shape, got {tuple(x_hat.shape)} and {tuple(x.shape)}")


def check_same_shape(x_hat: "Images", x: "Images") -> None:
    """Refuse two batches of images that differ in shape.

    Raises:
        ShapeError: the shapes differ, or are not those of images.
    """
    check_images(x_hat)
    check_images(x)
    if x_hat.shape != x.shape:
        raise ShapeError(f"both batches must have one shape, got {tuple(x_hat.shape)} and {tuple(x.shape)}")


def check_finite(name: str, value: float) -> None:
    """Refuse infinities and what is not a number.

    Raises:
        ArgumentError: `value` is one of these.
    """
    _check_number(name, value)
    if not math.isfinite(value):
        raise ArgumentError(f"{name} must be a finite number, got {value}")


def check_positive(name: str, value: float) -> None:
    """Refuse a number that is not greater than 0.

    Raises:
        ArgumentError: `value` is 0, negative or not a number.
    """
    _check_number(name, value)
    if not (value > 0 and math.isfinite(value)):
        rule = "a finite number" if value == math.inf else "greater than 0"
        raise ArgumentError(f"{name} must be {rule}, got {value}")


def check_at_least(name: str, value: float, bound: float) -> None:
    """Refuse a number below `bound`.

    Raises:
        ArgumentError: `value` is below `bound` or not a number.
    """
    _check_number(name, value)
    if not (value >= bound and math.isfinite(value)):
        rule = "a finite number" if value == math.inf else f"at least {bound}"
        raise ArgumentError(f"{name} must be {rule}, got {value}")


def check_whole(name: str, value: float, bound: int) -> None:
    """Refuse anything but a whole number of at least `bound`.

    Raises:
        ArgumentError: `value` is below `bound`, or no integer.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < bound:
        raise ArgumentError(f"{name} must be a whole number of at least {bound}, got {value!r}")


def check_within(name: str, value: float, low: float, high: float) -> None:
    """Refuse a number outside [low, high].

    Raises:
        ArgumentError: `value` is outside that range or not a number.
    """
    _check_number(name, value)
    if not low <= value <= high:
        raise ArgumentError(f"{name} must lie in [{low}, {high}], got {value}")


def check_choice(what: str, name: str, choices: Iterable[str]) -> None:
    """Refuse a name that is not among `choices`, and offer the nearest.

    Raises:
        UnknownNameError: `name` is not among `choices`.
    """
    known = list(choices)
    if name not in known:
        if what.endswith("="):
            near = difflib.get_close_matches(name.lower(), known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise UnknownNameError(f"{what} must be one of {', '.join(known)}, got {name!r}{hint}")
        raise UnknownNameError(f"there is no {what} {name!r}; {nearest_match(name, known)}")


def _check_tensor(x: object, name: str) -> None:
    # By what it can do, so that torch is not imported to tell.
    if not hasattr(x, "is_floating_point"):
        raise ArgumentError(f"{name} must be a tensor, got {type(x).__name__}; give torch.as_tensor(…) of it")


def _check_number(name: str, value: object) -> None:
    # A tensor of one value passes, and so would True, which is meant as no number.
    if isinstance(value, bool) or not isinstance(value, SupportsFloat):
        raise ArgumentError(f"{name} must be a number, got {value!r}")


def nearest_match(name: str, choices: Iterable[str]) -> str:
    """Say which of `choices` is nearest to `name`, or list them when none is."""
    known = sorted(choices)
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"


def require(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import an optional module, or say which extra brings it.

    Raises:
        MissingExtraError: the module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"{purpose} needs {module.partition('.')[0]}, which is not installed; pip install 'copyist[{extra}]'"
        ) from error
