"""What a copier does to clean and noisy images, one number each: the measures that many claims share."""

__all__ = [
    "clean_psnr",
    "copies",
    "copying_error",
    "denoising_ratio",
    "distance_ratio",
    "gain",
    "gains_by_color",
    "held_out",
    "nearest_rung",
    "psnr_without_detail",
    "squared_error",
]

from collections.abc import Callable, Sequence

import torch

from copyist.claims.trial import Rung, Trial
from copyist.corruption import Corruption
from copyist.metrics.distortion import distance, mse, psnr
from copyist.metrics.identity import projected_gain
from copyist.models.contracts import Reconstructor, needs
from copyist.models.in_batches import in_batches
from copyist.randomness import draw_normal
from copyist.tensors import Images

GAIN_SIGMA = 0.1
"""Standard deviation of the noise that measures the projected gain."""


def held_out(trial: Trial, source: str, *, count: int = 256) -> Images:
    """The first `count` test images of a source; whole batches, where there are as many."""
    return trial.splits(source).test.images(0, count).to(trial.device)


@torch.no_grad()
def copies(model: Reconstructor, x: Images, *, batch_size: int | None = None) -> Images:
    """The model's copies in float32, by default in batches of its own size."""
    return in_batches(model, model, x, batch_size=batch_size).float()


def clean_psnr(model: Reconstructor, x: Images) -> float:
    """Mean peak signal-to-noise ratio of the copies, in decibels."""
    return float(psnr(copies(model, x), x).mean())


def copying_error(model: Reconstructor, x: Images) -> float:
    """Root mean squared error of the copies, in units of pixel value."""
    return squared_error(copies(model, x), x) ** 0.5


def gain(model: Reconstructor, x: Images, trial: Trial) -> float:
    """Mean projected gain at σ = 0.1: 1 for the identity, 0 for a map that ignores noise."""
    draws = trial.generator("gain")
    return float(projected_gain(lambda images: copies(model, images), x, sigma=GAIN_SIGMA, generator=draws).mean())


@torch.no_grad()
def gains_by_color(copy: Callable[[Images], Images], x: Images, trial: Trial) -> tuple[float, float]:
    """The projected gain for noise of brightness alone, equal in all channels, and for that of color, their rest.

    Args:
        copy: the map from images to their copies.
        x: images (B, C, H, W).
        trial: from which the noise is derived.
    """
    delta = draw_normal(x.shape, std=GAIN_SIGMA, generator=trial.generator("gains by color"), like=x)
    brightness = delta.mean(1, keepdim=True).expand_as(delta)
    clean = copy(x)
    parts = [(copy(x + noise) - clean, noise) for noise in (brightness, delta - brightness)]
    first, second = (float((response * noise).sum() / noise.square().sum()) for response, noise in parts)
    return first, second


def denoising_ratio(
    model: Reconstructor, x: Images, corruption: Corruption, trial: Trial, *, batch_size: int | None = None
) -> float:
    """Mean of ‖O(x̃) − x‖ / ‖x̃ − x‖, below 1 where the copy is nearer to the clean image than the noisy one was."""
    x_tilde = corruption(x, generator=trial.generator("noise", type(corruption).__name__))
    return distance_ratio(copies(model, x_tilde, batch_size=batch_size), x_tilde, x)


def distance_ratio(x_hat: Images, x_tilde: Images, x: Images) -> float:
    """Mean of ‖x̂ − x‖ / ‖x̃ − x‖, for any answers x̂ to noisy images x̃."""
    return float((distance(x_hat, x) / distance(x_tilde, x)).mean())


def squared_error(x_hat: Images, x: Images) -> float:
    """Mean squared error over images, pixels and channels."""
    return float(mse(x_hat, x).mean())


def psnr_without_detail(x: Images, train: Images) -> dict[str, float]:
    """PSNR in dB of what shows nothing of an image but its color, or nothing at all.

    Args:
        x: images (B, C, H, W).
        train: training images (N, C, H, W).
    """
    colors, mean = x.mean((2, 3), keepdim=True).expand_as(x), train.mean(0).expand_as(x)
    return {"psnr_one_color": float(psnr(colors, x).mean()), "psnr_mean_image": float(psnr(mean, x).mean())}


def nearest_rung(rungs: Sequence[Rung], *, psnr: float) -> Reconstructor:
    """The net on its way through training whose copies come nearest to a wanted PSNR, in dB."""
    rung = min(rungs, key=lambda each: abs(each.record.psnr - psnr))
    return needs(rung.model, Reconstructor, verb="an experiment")
