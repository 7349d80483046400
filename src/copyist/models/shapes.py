"""The shape of examples that a model is built for: channels alone, or the one shape of images or rows."""

__all__ = [
    "FixedShape",
    "FixedShapeConfig",
    "check_channels",
    "check_shape",
    "fitted_channels",
    "fitted_image_shape",
    "image_shape",
    "known_channels",
    "known_shape",
]

from dataclasses import dataclass, replace
from typing import Self, TypeVar, get_args

import torch

from copyist.checks import check_choice
from copyist.errors import ArgumentError, ShapeError
from copyist.models.contracts import Model, ModelConfig, TrainedOn
from copyist.nn.standardization import STATISTICS, ColumnUnit, Standardization
from copyist.settings import later
from copyist.tensors import Examples, Images, Rows

Shape = TypeVar("Shape", bound=tuple[int, ...])


@dataclass(frozen=True, kw_only=True)
class FixedShapeConfig(ModelConfig):
    """The shape of a net for images of one shape, or for rows of a table."""

    image_shape: tuple[int, int, int] | None = None
    """(C, H, W) of one image; None takes the data's."""

    num_columns: int | None = later(None)
    """D, the columns of a table, for a net that takes rows (D,) in place of images; None takes the data's."""

    column_unit: ColumnUnit = later("std")
    """What each column of a table is measured in: its standard deviation, or with `tails` one that grows with its
    kurtosis, as `Standardization.fit` says."""

    @property
    def unit(self) -> ColumnUnit:
        return self.column_unit

    @property
    def shape(self) -> tuple[int, ...] | None:
        """(C, H, W) of one image or (D,) of one row; None where it is left to the data."""
        return self.image_shape if self.num_columns is None else (self.num_columns,)

    def fitted(self, shape: tuple[int, ...]) -> Self:
        found = _fit_shape(self.shape, shape)
        return replace(self, num_columns=found[0]) if len(found) == 1 else replace(self, image_shape=image_shape(found))


class FixedShape(Model):
    """A net for images of one shape (C, H, W), or for rows (D,) of a table, which it standardizes by itself.

    Models of a contract inherit from it first; they pass what they encode through `standardized`, and what they
    decode through `restored`.
    """

    standardization: Standardization | None
    """From the units of a table to standard deviations; None for images."""

    def __init__(self, config: FixedShapeConfig, *, model: str) -> None:
        """Take images or rows of one shape.

        Args:
            config: that knows the shape.
            model: what is built, as in "an MLP".

        Raises:
            ArgumentError: the shape was left open, or it is one of images and of rows.
        """
        super().__init__()
        check_choice("column_unit", config.column_unit, get_args(ColumnUnit))
        if config.image_shape is not None and config.num_columns is not None:
            raise ArgumentError(
                f"{model} must take images or rows of a table, got image_shape={config.image_shape} and "
                f"num_columns={config.num_columns}; leave one of them open"
            )
        self._shape = known_shape(config.shape, model=model)
        self.standardization = None
        if len(self._shape) == 1:
            self.num_columns = self._shape[0]
            self.standardization = Standardization(self._shape[0])
            self.measured = STATISTICS
        else:
            self.trained_on = TrainedOn(image_shape=image_shape(self._shape))
            self.image_size = (self._shape[-2], self._shape[-1])

    def check_input(self, x: Examples) -> None:
        check_shape(x, self._shape)

    @torch.no_grad()
    def measured_on(self, examples: Rows) -> None:
        """Of a table, the mean and the unit of each column, by which rows are standardized from now on."""
        if self.standardization is not None:
            self.standardization.fit(examples, unit=self.config.unit)

    def standardized(self, x: Examples) -> Examples:
        return x if self.standardization is None else self.standardization(x)

    def restored(self, x: Examples) -> Examples:
        return x if self.standardization is None else self.standardization.inverse(x)


def image_shape(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """The shape (C, H, W) of examples that are images.

    Raises:
        ShapeError: they are rows of a table.
    """
    if len(shape) != 3:
        raise ShapeError(
            f"the model takes images (C, H, W), got rows of a table of {shape[0]} columns; take an MLP for tables, "
            "such as the recipe 'table'"
        )
    return shape


def fitted_image_shape(own: tuple[int, int, int] | None, shape: tuple[int, ...]) -> tuple[int, int, int]:
    """The shape of the images, where the config leaves it open or agrees.

    Raises:
        ShapeError: the config was built for other images, or the examples are rows of a table.
    """
    return _fit_shape(own, image_shape(shape))


def _fit_shape(own: tuple[int, ...] | None, shape: Shape) -> Shape:
    if own is not None and own != shape:
        kind = "rows" if len(shape) == 1 else "images"
        remedy = "give a table of these columns" if len(own) == 1 else f"resize the images ({_size_option(own, shape)})"
        setting = "num_columns" if len(own) == 1 else "image_shape"
        raise ShapeError(
            f"the model was built for {kind} of shape {own}, got {shape}; "
            f"{remedy}, or leave the model's {setting} open (--set {setting}=none)"
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
        f"resize the images ({_size_option(shape, found)}), or train a model on images of their shape"
    )


def _size_option(shape: tuple[int, ...], found: tuple[int, ...]) -> str:
    """The options by which a source of images of another shape is given as images of this shape."""
    channels, height, width = shape
    return f"?size={height}x{width}" + ("" if found[0] == channels else f"&channels={channels}")


def fitted_channels(channels: int | None, shape: tuple[int, ...]) -> int:
    """The channels of images (C, H, W), where the config leaves them open or agrees.

    Raises:
        ShapeError: the config names another number, or the examples are no images.
    """
    found, _, _ = image_shape(shape)
    if channels not in (None, found):
        raise ShapeError(
            f"the model was built for images of {_channels_text(channels)}, got {found}; "
            f"add ?channels={channels} to the source, or leave the model's channels open (--set channels=none)"
        )
    return found


def known_channels(channels: int | None, *, model: str) -> int:
    """The channels of a config that is about to be built.

    Args:
        channels: of the config.
        model: what is built, as in "a U-Net".

    Raises:
        ArgumentError: they were left open.
    """
    if channels is None:
        raise ArgumentError(f"{model} must know its number of channels; give channels, or fit the config to data")
    return channels


def check_channels(x: Images, channels: int) -> None:
    """Refuse images of another number of channels.

    Raises:
        ShapeError: `x` has another number.
    """
    if x.shape[1] != channels:
        raise ShapeError(
            f"the model takes images of {_channels_text(channels)}, got {x.shape[1]}; "
            f"convert the images (?channels={channels}), or train a model on images of {_channels_text(x.shape[1])}"
        )


def _channels_text(channels: int) -> str:
    return "1 channel" if channels == 1 else f"{channels} channels"
