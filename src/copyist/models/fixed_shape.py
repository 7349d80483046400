"""Examples of one shape only: what a net with a linear layer over all values must know, take and refuse."""

__all__ = ["FixedShape", "check_shape", "fitted_shape", "known_shape"]

from typing import TypeVar

from copyist.errors import ArgumentError, ShapeError
from copyist.models.base import Model
from copyist.nn.standardization import Standardization
from copyist.tensors import Examples

Shape = TypeVar("Shape", bound=tuple[int, ...])


class FixedShape(Model):
    """A net for images of one shape (C, H, W), or for rows (D,) of a table, which it standardizes by itself.

    Models of a contract inherit from it first; they pass what they encode through `standardized`, and what they
    decode through `restored`.
    """

    def __init__(self, shape: tuple[int, ...] | None, *, model: str) -> None:
        """Take images or rows of this shape.

        Args:
            shape: of the config.
            model: what is built, as in "an MLP".

        Raises:
            ArgumentError: it was left open.
        """
        super().__init__()
        self._shape = known_shape(shape, model=model)
        self.image_shape = self._shape
        self.takes_tables = len(self._shape) == 1
        self.image_size = None if self.takes_tables else (self._shape[-2], self._shape[-1])
        if self.takes_tables:
            self.standardization = Standardization(self._shape[0])

    def check_input(self, x: Examples) -> None:
        check_shape(x, self._shape)

    def standardized(self, x: Examples) -> Examples:
        """Rows in standard deviations; images as they are."""
        return x if self.standardization is None else self.standardization(x)

    def restored(self, x: Examples) -> Examples:
        """The inverse of `standardized`."""
        return x if self.standardization is None else self.standardization.inverse(x)


def fitted_shape(own: Shape | None, shape: Shape) -> Shape:
    """The shape of the data, where a config left its own open or has the same.

    Raises:
        ShapeError: the config was built for other examples.
    """
    if own not in (None, shape):
        kind = "rows" if len(shape) == 1 else "images"
        remedy = "give a table of these columns" if len(shape) == 1 else "resize the images"
        raise ShapeError(
            f"the model was built for {kind} of shape {own}, got {shape}; "
            f"{remedy}, or leave the model's image_shape open"
        )
    return shape


def known_shape(shape: Shape | None, *, model: str) -> Shape:
    """The shape of a config that is about to be built.

    Args:
        shape: of the config.
        model: what is built, as in "an MLP".

    Raises:
        ArgumentError: it was left open.
    """
    if shape is None:
        raise ArgumentError(f"{model} must know its image_shape; give it, or fit the config to data")
    return shape


def check_shape(x: Examples, shape: tuple[int, ...]) -> None:
    """Refuse examples of another shape.

    Raises:
        ShapeError: `x` is not (B, *shape).
    """
    found = tuple(x.shape[1:])
    if found == shape:
        return
    if len(shape) == 1:
        columns = f"{found[0]} columns" if len(found) == 1 else f"images of shape {found}"
        raise ShapeError(
            f"the model takes tables of {shape[0]} columns only, got {columns}; "
            "leave others out by ?drop=, or train a model on this data"
        )
    raise ShapeError(
        f"the model takes images of shape {shape} only, got {found}; "
        "resize the images, or train a model on images of their shape"
    )
