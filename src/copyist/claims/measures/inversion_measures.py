"""Measures of inversions of a layer from two starts, and of what they share."""

__all__ = ["STARTS", "Known", "copied_and_inverted", "known", "missed_by_all", "noise_share", "rms"]

from dataclasses import dataclass

import torch
from torch import nn

from copyist.claims.measures.copy_measures import copies
from copyist.claims.trial import Pictures, Trial
from copyist.metrics.distortion import aligned
from copyist.metrics.noise import noise_level
from copyist.metrics.spectra import high_frequency_energy
from copyist.models.contracts import Reconstructor
from copyist.procedures.inversion import Inversion, InversionStart, invert
from copyist.tensors import Images

TOLERANCE = 0.1
"""Of the yardstick: a descent goes on well beyond what counts as converged, so that starts are forgotten."""

STARTS: tuple[InversionStart, ...] = ("noise", "constant")
"""N(0.7, 0.05²), and gray."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Known:
    """Means over the images whose inversions converged from both starts; not a number where there are none.

    Noise and disagreement are free of scale: a layer behind normalization does not tell contrasts apart, so that an
    inverse of little contrast holds little of anything, noise included.
    """

    noise: float
    """Of the inverse from the noisy start: the noise's standard deviation (wavelet estimate) over the image's own."""

    missed: float
    """Root mean square difference of the two inverses' mean and the original, after each channel is aligned."""

    disagreement: float
    """1 − the correlation of the two inverses, channel by channel: 0 when the start is forgotten, 1 when it is all."""

    apart: float
    """Root mean square difference of the two inverses, over √2, in units of pixel value."""

    sharpness: float
    """Energy of the inverse from the noisy start above half of Nyquist's frequency over the original's."""

    kept: torch.Tensor
    """(B,), bool: which images these are."""

    converged: float
    """Share of images that converged from both starts, in [0, 1]."""

    from_noise: Images
    """(B, C, H, W)."""

    from_constant: Images
    """(B, C, H, W)."""


def known(model: nn.Module, x: Images, trial: Trial, *, layer: str = "output", original: Images | None = None) -> Known:
    """Invert a layer from noise and from gray.

    Args:
        model: any.
        x: images (B, C, H, W) whose representations are inverted.
        trial: the steps of scale smoke are few.
        layer: its name.
        original: what the inverses are compared with; `x` itself unless given.
    """
    clean = x if original is None else original
    found = [_inverted(model, x, trial, layer, start) for start in STARTS]
    kept = found[0].converged & found[1].converged
    first, second = (each.x for each in found)
    if not kept.any():
        nothing = float("nan")
        numbers = {"noise": nothing, "missed": nothing, "disagreement": nothing, "apart": nothing, "sharpness": nothing}
    else:
        a, b, c = first[kept], second[kept], clean[kept]
        numbers = {
            "noise": noise_share(a),
            "missed": rms(aligned((a + b) / 2, c) - c),
            "disagreement": 1 - _correlation(a, b),
            "apart": rms(a - b) / 2**0.5,
            "sharpness": float(high_frequency_energy(a).sum() / high_frequency_energy(c).sum()),
        }
    return Known(**numbers, kept=kept, converged=float(kept.float().mean()), from_noise=first, from_constant=second)


def missed_by_all(found: Known, original: Images) -> float:
    """The `missed` of all images, converged or not: what a descent of so many steps did not find.

    It measures how hard a layer is to invert, and not what the layer represents, since more steps might find more.

    Args:
        found: inversions.
        original: images (B, C, H, W), in the same order.
    """
    return rms(aligned((found.from_noise + found.from_constant) / 2, original) - original)


def copied_and_inverted(
    model: Reconstructor, found: Known, x: Images, noisy: Images, blended: Images, *, caption: str
) -> Pictures:
    """What a model copies, clean and noisy, beside what its output knows: the first eight images of each.

    Args:
        model: whose output was inverted.
        found: the inversions.
        x: images (B, C, H, W), in the same order.
        noisy: the same under zero-mean noise.
        blended: the same, blended with noise.
        caption: one sentence.
    """
    rows = {
        "photograph": x,
        "copy": copies(model, x),
        "inverted, from noise": found.from_noise,
        "inverted, from gray": found.from_constant,
        "noisy": noisy,
        "copy of the noisy": copies(model, noisy),
        "blended": blended,
        "copy of the blended": copies(model, blended),
    }
    return Pictures(caption=caption, rows={label: images[:8] for label, images in rows.items()})


def noise_share(x: Images) -> float:
    """The noise in images by the wavelet estimate, over their standard deviation: near 1 for white noise alone."""
    spread = x.std((2, 3)).mean(1).clamp(min=1e-6)
    return float((noise_level(x) / spread).mean())


def rms(difference: torch.Tensor) -> float:
    """The root mean square over all values."""
    return float(difference.square().mean().sqrt())


def _correlation(a: Images, b: Images) -> float:
    centered = [(each - each.mean((2, 3), keepdim=True)).flatten(2) for each in (a, b)]
    return float(torch.cosine_similarity(centered[0], centered[1], dim=2).mean())


def _inverted(model: nn.Module, x: Images, trial: Trial, layer: str, start: InversionStart) -> Inversion:
    steps = 10 if trial.scale == "smoke" else None
    draws = trial.generator("inversion", start)
    return invert(model, x, layer=layer, start=start, steps=steps, tolerance=TOLERANCE, generator=draws)
