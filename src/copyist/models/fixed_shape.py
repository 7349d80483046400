"""Images of one shape only: what a net with a linear layer over all pixels must know, take and refuse."""

__all__ = ["check_shape", "fitted_shape", "known_shape"]

from copyist.errors import ArgumentError, ShapeError
from copyist.tensors import Images

Shape = tuple[int, int, int]


def fitted_shape(own: Shape | None, image_shape: Shape) -> Shape:
    """The shape (C, H, W) of the data, where a config left its own open or has the same.

    Raises:
        ShapeError: the config was built for other images.
    """
    if own not in (None, image_shape):
        raise ShapeError(
            f"the model was built for images of shape {own}, got {image_shape}; "
            "resize the images, or leave the model's image_shape open"
        )
    return image_shape


def known_shape(image_shape: Shape | None, *, model: str) -> Shape:
    """The shape of a config that is about to be built.

    Args:
        image_shape: of the config.
        model: what is built, as in "an MLP".

    Raises:
        ArgumentError: it was left open.
    """
    if image_shape is None:
        raise ArgumentError(f"{model} must know its image_shape; give it, or fit the config to data")
    return image_shape


def check_shape(x: Images, image_shape: Shape) -> None:
    """Refuse images of another shape.

    Raises:
        ShapeError: `x` is not (B, C, H, W) of that (C, H, W).
    """
    if tuple(x.shape[1:]) != image_shape:
        raise ShapeError(
            f"the model takes images of shape {image_shape} only, got {tuple(x.shape[1:])}; "
            "resize the images, or train a model on images of their shape"
        )
