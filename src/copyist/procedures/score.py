"""The score, the gradient of the log-density, from a denoiser's residual."""

__all__ = ["score"]

import warnings

import torch

from copyist.checks import check_positive
from copyist.float32 import full_float32
from copyist.models.at_noise_level import denoiser_at
from copyist.models.contracts import Model, take_batch
from copyist.procedures.denoising import reconstruct
from copyist.tensors import ExamplesLike, Images

_NO_DENOISER = (
    "the residual of a model that was trained only to copy is no score; train one that takes Gaussian noise off, such "
    "as the recipe 'denoising-unet'"
)


@torch.no_grad()
def score(model: Model, x: ExamplesLike, *, sigma: float, batch_size: int | None = None) -> Images:
    """Estimate the score of the noisy data at `x`.

        ∇ log p_σ(x) ≈ (D(E(x)) − x) / σ²

    Equal for the best of all denoisers, the mean of the clean images given the noisy one; p_σ is the data's density
    after noise of that `sigma`, and tends to the data's own as it falls. Of a model that was trained only to copy, a
    Python warning says that its residual is none.

    Args:
        model: trained to undo Gaussian noise of this same `sigma`, or of a range that holds it; or a diffusion model of
            images, which is told `sigma`.
        x: noisy images (B, C, H, W), of any kind that verbs take (`ExamplesLike`); values may leave [0, 1].
        sigma: standard deviation of that noise, in units of pixel value.
        batch_size: as for `reconstruct`.

    Returns:
        Scores (B, C, H, W), in units of 1 / pixel value, pointing to where the data is denser.

    Raises:
        ContractError: the model neither copies nor is a diffusion model of images, or takes tables.
        ShapeError: `x` is not (B, C, H, W), or the model does not take images of this shape.
        ArgumentError: `x` holds values that no images have, `sigma` is not greater than 0, or `batch_size` is less
            than 1.

    Source:
        Miyasawa (1961); Alain & Bengio (2014) for autoencoders.
    """
    check_positive("sigma", sigma)
    model = denoiser_at(model, sigma, verb="score")
    model.check_pictures(verb="score")
    noisy = take_batch(model, x)
    if model.trained_on.objective == "copying":
        warnings.warn(_NO_DENOISER, stacklevel=2)
    # What is left after the division by σ² is what half precision, or TF32, rounds away.
    with torch.autocast(noisy.device.type, enabled=False), full_float32():
        return (reconstruct(model, noisy, batch_size=batch_size) - noisy) / sigma**2
