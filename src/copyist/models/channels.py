"""The channels of images: the one thing that a net of convolutions must know of them before it is built."""

__all__ = ["check_channels", "fitted_channels", "known_channels"]

from copyist.errors import ArgumentError, ShapeError
from copyist.tensors import Images


def fitted_channels(channels: int | None, image_shape: tuple[int, int, int]) -> int:
    """The channels of images (C, H, W), where a config left them open or has the same.

    Raises:
        ShapeError: the config names another number.
    """
    if channels not in (None, image_shape[0]):
        raise ShapeError(
            f"the model was built for images of {_counted(channels)}, got {image_shape[0]}; "
            f"add channels={channels} to the source, or leave the model's channels open"
        )
    return image_shape[0]


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
