"""A copy whose derivatives can be part of a loss, and so be differentiated again."""

__all__ = ["differentiable_copy"]

from typing import Literal

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from copyist.models.contracts import Autoencoder
from copyist.tensors import Codes, Images


def differentiable_copy(
    model: Autoencoder, x: Images, *, follow: Literal["image", "code"]
) -> tuple[Images, Codes, Images]:
    """Image, code and copy, with the copy a function of the followed one for gradients, even where they are off.

    Args:
        model: how it copies.
        x: images (B, C, H, W).
        follow: with respect to what derivatives are wanted.

    Returns:
        x, z = E(x) and x̂ = D(z).

    Raises:
        ShapeError: the model does not take the images.
    """
    model.check_input(x)
    # The faster kernels of attention cannot be differentiated twice.
    with torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
        x = x.detach().requires_grad_() if follow == "image" else x
        z = model.encode(x)
        if not z.requires_grad:
            z = z.detach().requires_grad_()
        return x, z, model.decode(z)
