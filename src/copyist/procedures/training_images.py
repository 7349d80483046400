"""The images that a model was trained on, for methods that need them again to sample."""

__all__ = ["training_images", "unlike_images"]

from collections.abc import Sequence

from copyist.data import ExampleSet, open_source
from copyist.errors import ArgumentError, DataError, ShapeError, UnknownNameError
from copyist.models.contracts import Model


def training_images(model: Model, source: str | None, *, what: str, otherwise: str = "") -> ExampleSet:
    """Those of a source; or, where there is none, those a model was trained on, as far as it says where they are.

    Args:
        model: the model.
        source: of other images, or None.
        what: samples take of them, for the sentence that refuses.
        otherwise: ends it, with what can be done without them.

    Raises:
        ArgumentError, UnknownNameError, DataError: the images cannot be read.
    """
    if source is not None:
        return open_source(source).train
    own = model.trained_on.source
    remedy = f"say where they are (--set source=…){otherwise}"
    if not own:
        raise DataError(f"samples take {what} of training images, and this model does not name its own; {remedy}")
    try:
        return open_source(own).train
    except (ArgumentError, DataError, UnknownNameError) as error:
        raise DataError(
            f"samples take {what} of the model's training images, got {own!r}, which cannot be read ({error}); {remedy}"
        ) from error


def unlike_images(shape: Sequence[int], own: Sequence[int], *, what: str) -> ShapeError:
    """The refusal of samples of a shape that is not that of the images of which they take something."""
    got, there = ("x".join(map(str, each)) for each in (shape, own))
    return ShapeError(
        f"samples must have the shape of the images whose {what} they take, got {got} and {there}; name other images "
        "(--set source=…), or leave --size out"
    )
