"""Images in, images out, or rows of a table: once, or again and again."""

__all__ = ["denoise", "encode", "reconstruct"]

import torch

from copyist.checks import check_at_least
from copyist.models.contracts import Autoencoder, Model, Reconstructor, needs
from copyist.models.in_batches import in_batches
from copyist.tensors import Codes, Examples


@torch.no_grad()
def reconstruct(model: Model, x: Examples, *, batch_size: int | None = None) -> Examples:
    """x̂ = D(E(x)).

    Args:
        model: any that copies.
        x: images (B, C, H, W), or rows (B, D) in their own units for a model of tables.
        batch_size: images per batch, which decides the answer of a model that uses batch statistics; None takes the
            model's own.

    Returns:
        Images (B, C, H, W), whose values may leave [0, 1] a little; or rows (B, D) in their own units.

    Raises:
        ContractError: the model does not copy.
        ShapeError: `x` is neither (B, C, H, W) nor (B, D), or the model does not take examples of this shape.
        ArgumentError: `batch_size` is less than 1.
    """
    model = needs(model, Reconstructor, verb="reconstruct")
    model.check_batch(x)
    return in_batches(model, model, x, batch_size=batch_size)


def denoise(model: Model, x: Examples, *, passes: int = 1, batch_size: int | None = None) -> Examples:
    """Denoise by copying once, or several times in turn.

    Args:
        model: any that copies, whether it was trained to denoise or only to copy.
        x: noisy images (B, C, H, W), whose values may leave [0, 1]; or rows (B, D).
        passes: how many times the answer is copied again.
        batch_size: as for `reconstruct`.

    Returns:
        Images (B, C, H, W), whose values may leave [0, 1] a little; or rows (B, D) in their own units.

    Raises:
        ContractError: the model does not copy.
        ShapeError: `x` is neither (B, C, H, W) nor (B, D), or the model does not take examples of this shape.
        ArgumentError: `passes` or `batch_size` is less than 1.

    Source:
        Badger, "Autoencoders: Learning by Copying", on denoising without being trained to.
    """
    check_at_least("passes", passes, 1)
    model = needs(model, Reconstructor, verb="denoise")
    for _ in range(passes):
        x = reconstruct(model, x, batch_size=batch_size)
    return x


@torch.no_grad()
def encode(model: Model, x: Examples, *, batch_size: int | None = None) -> Codes:
    """z = E(x).

    Args:
        model: one with a code.
        x: images (B, C, H, W), or rows (B, D) in their own units for a model of tables.
        batch_size: as for `reconstruct`.

    Returns:
        Codes (B, ...).

    Raises:
        ContractError: the model has no code.
        ShapeError: `x` is neither (B, C, H, W) nor (B, D), or the model does not take examples of this shape.
        ArgumentError: `batch_size` is less than 1.
    """
    model = needs(model, Autoencoder, verb="encode")
    model.check_batch(x)
    return in_batches(model, model.encode, x, batch_size=batch_size)
