"""Images in, images out, or rows of a table: once, or again and again."""

__all__ = ["denoise", "encode", "reconstruct"]

import torch

from copyist.checks import check_at_least
from copyist.models.contracts import Autoencoder, Model, Reconstructor, check_answer, needs, take_batch
from copyist.models.in_batches import in_batches
from copyist.tensors import Codes, Examples, ExamplesLike


@torch.no_grad()
def reconstruct(model: Model, x: ExamplesLike, *, batch_size: int | None = None) -> Examples:
    """x̂ = D(E(x)).

    Args:
        model: any that copies.
        x: images (B, C, H, W), or rows (B, D) in their own units for a model of tables; see `ExamplesLike`.
        batch_size: images per batch, which decides the answer of a model that uses batch statistics; None takes the
            model's own.

    Returns:
        Images (B, C, H, W), whose values may leave [0, 1] a little; or rows (B, D) in their own units.

    Raises:
        ContractError: the model does not copy, or gives values that are not finite.
        ShapeError: `x` is neither (B, C, H, W) nor (B, D), or the model does not take examples of this shape.
        ArgumentError: `x` holds values that no examples have, or `batch_size` is less than 1.
    """
    model = needs(model, Reconstructor, verb="reconstruct")
    return check_answer(in_batches(model, model, take_batch(model, x), batch_size=batch_size))


@torch.no_grad()
def denoise(model: Model, x: ExamplesLike, *, passes: int = 1, batch_size: int | None = None) -> Examples:
    """Denoise by copying once, or several times in turn.

    Args:
        model: any that copies, whether it was trained to denoise or only to copy.
        x: noisy images (B, C, H, W), whose values may leave [0, 1]; or rows (B, D).
        passes: how many times the answer is copied again.
        batch_size: as for `reconstruct`.

    Returns:
        Images (B, C, H, W), whose values may leave [0, 1] a little; or rows (B, D) in their own units.

    Raises:
        ContractError: the model does not copy, or gives values that are not finite.
        ShapeError: `x` is neither (B, C, H, W) nor (B, D), or the model does not take examples of this shape.
        ArgumentError: `x` holds values that no examples have, or `passes` or `batch_size` is less than 1.

    Source:
        Badger, "Autoencoders: Learning by Copying", on denoising without being trained to.
    """
    check_at_least("passes", passes, 1)
    model = needs(model, Reconstructor, verb="denoise")
    x_hat = take_batch(model, x)
    for _ in range(passes):
        x_hat = in_batches(model, model, x_hat, batch_size=batch_size)
    return check_answer(x_hat)


@torch.no_grad()
def encode(model: Model, x: ExamplesLike, *, batch_size: int | None = None) -> Codes:
    """z = E(x).

    Args:
        model: one with a code.
        x: images (B, C, H, W), or rows (B, D) in their own units for a model of tables.
        batch_size: as for `reconstruct`.

    Returns:
        Codes (B, ...).

    Raises:
        ContractError: the model has no code, or gives values that are not finite.
        ShapeError: `x` is neither (B, C, H, W) nor (B, D), or the model does not take examples of this shape.
        ArgumentError: `x` holds values that no examples have, or `batch_size` is less than 1.
    """
    model = needs(model, Autoencoder, verb="encode")
    return check_answer(in_batches(model, model.encode, take_batch(model, x), batch_size=batch_size))
