"""The channels of images: the one thing that a net of convolutions must know of them before it is built."""

__all__ = ["check_channels", "fitted_channels", "image_shape", "known_channels"]

from copyist.errors import ArgumentError, ShapeError
from copyist.tensors import Images


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


def fitted_channels(channels: int | None, shape: tuple[int, ...]) -> int:
    """The channels of images (C, H, W), where a config left them open or has the same.

    Raises:
        ShapeError: the config names another number, or the examples are no images.
    """
    found, _, _ = image_shape(shape)
    if channels not in (None, found):
        raise ShapeError(
            f"the model was built for images of {_counted(channels)}, got {found}; "
            f"add channels={channels} to the source, or leave the model's channels open"
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
            f"the model takes images of {_counted(channels)}, got {x.shape[1]}; "
            f"convert the images, or train a model on images of {_counted(x.shape[1])}"
        )


def _counted(channels: int) -> str:
    return "1 channel" if channels == 1 else f"{channels} channels"
