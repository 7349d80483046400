"""Images from codes that are drawn from the prior of a variational autoencoder."""

__all__ = ["prior_samples"]

import torch

from copyist.checks import check_at_least
from copyist.errors import ShapeError
from copyist.models.base import Model
from copyist.models.batches import in_batches
from copyist.nn.precision import Precision, autocast
from copyist.randomness import draw_normal
from copyist.tensors import Codes, Images


@torch.no_grad()
def prior_samples(
    model: Model,
    *,
    count: int,
    shape: tuple[int, int, int] | None = None,
    with_noise: bool = False,
    generator: torch.Generator | None = None,
    batch_size: int | None = None,
    precision: Precision = "auto",
) -> Images:
    """Decode codes from the prior: z ~ N(0, I), and the mean of p(x | z), or a draw from it.

    Args:
        model: one with a likelihood, whose codes have this prior.
        count: how many images.
        shape: (C, H, W) of one image; None takes that of the images the model was trained on.
        with_noise: draw each value from p(x | z) on its own, where its mean is shown otherwise.
        generator: of all draws; without one, seed 0.
        batch_size: images per batch; None takes the model's own.
        precision: `auto` is bf16 where the hardware computes in it.

    Returns:
        Images (count, C, H, W) on the model's device; values may leave [0, 1] a little.

    Raises:
        ContractError: the model has no likelihood.
        ArgumentError: `count` or `batch_size` is less than 1.
        ShapeError: the model does not take images of this shape.

    Source:
        Kingma & Welling (2013), section 2.1.
    """
    check_at_least("count", count, 1)
    variational = model.as_variational(verb="prior")
    model.check_pictures(verb="prior")
    found = shape or variational.image_shape
    if found is None or len(found) != 3:
        raise ShapeError(f"shape must be (C, H, W) of one image, got {found}; give one, as in shape=(3, 32, 32)")
    shape = found
    like = next(variational.parameters(), torch.empty(0))
    variational.check_input(like.new_zeros(()).expand(1, *shape))
    draws = generator or torch.Generator().manual_seed(0)
    z = draw_normal((count, *variational.code_shape(shape)), generator=draws, like=like)

    def decode(z: Codes) -> Images:
        law = variational.likelihood(z)
        return law.draw(generator=draws) if with_noise else law.mean()

    with autocast(precision, z.device):
        return in_batches(variational, decode, z, batch_size=batch_size)
