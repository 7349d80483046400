"""Images from codes that are drawn from the prior of a variational autoencoder."""

__all__ = ["prior_samples"]

import torch

from copyist.checks import check_at_least
from copyist.errors import ShapeError
from copyist.models.base import Model
from copyist.models.batches import in_batches
from copyist.nn.precision import Precision, autocast
from copyist.randomness import draw_normal
from copyist.tensors import Images


@torch.no_grad()
def prior_samples(
    model: Model,
    *,
    count: int,
    shape: tuple[int, int, int] | None = None,
    generator: torch.Generator | None = None,
    batch_size: int | None = None,
    precision: Precision = "auto",
) -> Images:
    """Decode codes from the prior: z ~ N(0, I), and the mean of p(x | z).

    Args:
        model: one with a likelihood, whose codes have this prior.
        count: how many images.
        shape: (C, H, W) of one image; None takes that of the images the model was trained on.
        generator: of the codes; without one, seed 0.
        batch_size: images per batch; None takes the model's own.
        precision: `auto` is bf16 where the hardware computes in it.

    Returns:
        Images (count, C, H, W) on the model's device, the likelihood's means: without the noise of single pixels.

    Raises:
        ContractError: the model has no likelihood.
        ArgumentError: `count` or `batch_size` is less than 1.
        ShapeError: the model does not take images of this shape.

    Source:
        Kingma & Welling (2013), section 2.1.
    """
    check_at_least("count", count, 1)
    variational = model.as_variational(verb="prior")
    shape = shape or variational.image_shape
    if shape is None or len(shape) != 3:
        raise ShapeError(f"shape must be (C, H, W) of one image, got {shape}; give one, as in shape=(3, 32, 32)")
    like = next(variational.parameters(), torch.empty(0))
    variational.check_input(like.new_zeros(()).expand(1, *shape))
    z = draw_normal((count, *variational.code_shape(shape)), generator=generator, like=like)
    with autocast(precision, z.device):
        return in_batches(variational, variational.decode, z, batch_size=batch_size)
