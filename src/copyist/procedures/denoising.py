"""Images in, images out, or rows of a table: once, or again and again."""

__all__ = ["denoise", "denoiser", "encode", "reconstruct"]

import torch

from copyist.checks import check_at_least
from copyist.errors import ContractError
from copyist.models.at_noise_level import AtNoiseLevel
from copyist.models.contracts import Autoencoder, Diffusion, Model, Reconstructor, check_answer, needs, take_batch
from copyist.models.in_batches import in_batches
from copyist.procedures.diffusion.inversion import invert_flow
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
def denoise(
    model: Model, x: ExamplesLike, *, passes: int = 1, sigma: float | None = None, batch_size: int | None = None
) -> Examples:
    """Denoise by copying once, or several times in turn; by a diffusion model, which is told the noise level.

    Args:
        model: any that copies, whether it was trained to denoise or only to copy; or a diffusion model of images.
        x: noisy images (B, C, H, W), whose values may leave [0, 1]; or rows (B, D).
        passes: how many times the answer is copied again; 1 for a diffusion model.
        sigma: standard deviation of the noise, in units of pixel value: for a diffusion model, and for no other.
        batch_size: as for `reconstruct`.

    Returns:
        Images (B, C, H, W), whose values may leave [0, 1] a little; or rows (B, D) in their own units.

    Raises:
        ContractError: the model does not copy, or gives values that are not finite; it is a diffusion model, and
            `sigma` is not given or `passes` are; or it is none, and `sigma` is given.
        ShapeError: `x` is neither (B, C, H, W) nor (B, D), or the model does not take examples of this shape.
        ArgumentError: `x` holds values that no examples have, `passes` or `batch_size` is less than 1, or `sigma` is
            not greater than 0.

    Source:
        Badger, "Autoencoders: Learning by Copying", on denoising without being trained to.
    """
    check_at_least("passes", passes, 1)
    model = denoiser(model, sigma=sigma, passes=passes)
    x_hat = take_batch(model, x)
    for _ in range(passes):
        x_hat = in_batches(model, model, x_hat, batch_size=batch_size)
    return check_answer(x_hat)


def denoiser(model: Model, *, sigma: float | None, passes: int) -> Reconstructor:
    """What `denoise` applies: the model that copies, or the diffusion model at a noise level.

    Raises:
        ContractError, ArgumentError: as `denoise`.
    """
    if sigma is None and isinstance(model, Diffusion):
        raise ContractError(
            f"denoise needs the noise level, which {type(model).__name__} is told, got none; give it in units of pixel "
            "value (--sigma 0.1)"
        )
    if sigma is None:
        return needs(model, Reconstructor, verb="denoise")
    if isinstance(model, Reconstructor):
        raise ContractError(
            f"a noise level is told to a diffusion model, got sigma {sigma:g} for {type(model).__name__}, which "
            "is told none; leave it out, or take a model that was trained by the recipe diffusion"
        )
    found = AtNoiseLevel(needs(model, Diffusion, verb="a noise level"), sigma)
    if passes > 1:
        raise ContractError(
            f"a diffusion model takes noise of the given level off at once, got {passes} passes; leave them out"
        )
    return found


@torch.no_grad()
def encode(model: Model, x: ExamplesLike, *, batch_size: int | None = None) -> Codes:
    """z = E(x); of a diffusion model the noise that it would make the images of, as `invert_flow` finds it.

    Args:
        model: one with a code, or a diffusion model.
        x: images (B, C, H, W), or rows (B, D) in their own units for a model of tables.
        batch_size: as for `reconstruct`.

    Returns:
        Codes (B, ...).

    Raises:
        ContractError: the model has no code, or gives values that are not finite.
        ShapeError: `x` is neither (B, C, H, W) nor (B, D), or the model does not take examples of this shape.
        ArgumentError: `x` holds values that no examples have, or `batch_size` is less than 1.
    """
    if isinstance(model, Diffusion):
        return invert_flow(model, x, batch_size=batch_size)
    model = needs(model, Autoencoder, verb="encode")
    return check_answer(in_batches(model, model.encode, take_batch(model, x), batch_size=batch_size))
