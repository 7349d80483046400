"""Images in, images out: once, or again and again."""

__all__ = ["denoise", "encode", "reconstruct"]

import torch

from copyist.checks import check_at_least, check_images
from copyist.models.base import Model
from copyist.models.batches import in_batches
from copyist.tensors import Codes, Images


@torch.no_grad()
def reconstruct(model: Model, x: Images, *, batch_size: int | None = None) -> Images:
    """x̂ = D(E(x)).

    Args:
        model: any that copies.
        x: images (B, C, H, W).
        batch_size: images per batch, which decides the answer of a model that uses batch statistics; None takes the
            model's own.

    Returns:
        Images (B, C, H, W); values may leave [0, 1] a little.

    Raises:
        ContractError: the model does not copy.
        ShapeError: `x` is not (B, C, H, W), or the model does not take images of this shape.
        ArgumentError: `batch_size` is less than 1.
    """
    check_images(x)
    model = model.as_reconstructor(verb="reconstruct")
    model.check_input(x)
    return in_batches(model, model, x, batch_size=batch_size)


def denoise(model: Model, x: Images, *, passes: int = 1, batch_size: int | None = None) -> Images:
    """The copy of a noisy image, or the copy of its copy, and so on.

    Args:
        model: any that copies, whether it was trained to denoise or only to copy.
        x: noisy images (B, C, H, W); values may leave [0, 1].
        passes: how many times the answer is copied again.
        batch_size: as for `reconstruct`.

    Returns:
        Images (B, C, H, W); values may leave [0, 1] a little.

    Raises:
        ContractError: the model does not copy.
        ShapeError: `x` is not (B, C, H, W), or the model does not take images of this shape.
        ArgumentError: `passes` or `batch_size` is less than 1.

    Source:
        Badger, "Autoencoders: Learning by Copying", on denoising without being trained to.
    """
    check_at_least("passes", passes, 1)
    model = model.as_reconstructor(verb="denoise")
    for _ in range(passes):
        x = reconstruct(model, x, batch_size=batch_size)
    return x


@torch.no_grad()
def encode(model: Model, x: Images, *, batch_size: int | None = None) -> Codes:
    """z = E(x).

    Args:
        model: one with a code.
        x: images (B, C, H, W).
        batch_size: as for `reconstruct`.

    Returns:
        Codes (B, ...).

    Raises:
        ContractError: the model has no code.
        ShapeError: `x` is not (B, C, H, W), or the model does not take images of this shape.
        ArgumentError: `batch_size` is less than 1.
    """
    check_images(x)
    model = model.as_autoencoder(verb="encode")
    model.check_input(x)
    return in_batches(model, model.encode, x, batch_size=batch_size)
