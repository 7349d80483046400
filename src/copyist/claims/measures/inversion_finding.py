"""What a layer knows of images, and how much noise it leaves: inversions from several starts, beside the starts."""

__all__ = ["InversionFinding", "InversionNumbers", "find_inversion", "inversion_numbers", "rms"]

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from copyist.checks import check_same_shape
from copyist.claims.trial import Trial
from copyist.errors import ArgumentError
from copyist.metrics.distortion import aligned
from copyist.metrics.noise import noise_level
from copyist.metrics.spectra import high_frequency_energy
from copyist.procedures.descent import Method
from copyist.procedures.inversion import invert
from copyist.randomness import draw_normal
from copyist.tensors import Images

TOLERANCE = 0.1
"""Of the yardstick: a descent goes on well beyond what counts as converged, so that starts are forgotten."""


@dataclass(frozen=True, kw_only=True)
class InversionNumbers:
    """Inverses of several starts beside the originals; contrast is an image's standard deviation within channels.

    Ratios are of root mean squares over all images, so that no flat image governs them.
    """

    noise: float
    """What differs between starts: their standard deviation per value, each channel's mean left out, over the
    originals' contrast. 0 where every start is forgotten."""

    disagreement: float
    """1 − the mean correlation of two starts' inverses, channel by channel: 0 to about 1. It is free of scale, for
    layers behind a normalization, which do not tell contrasts apart."""

    grain: float
    """White noise in the first start's inverse (wavelet estimate) over the originals' contrast."""

    missed: float
    """What the starts' mean is off the original when each channel's brightness and contrast are fitted to it, over the
    original's contrast: 0 where all is known, 1 where nothing but the mean colors."""

    sharpness: float
    """Energy of that mean, so fitted, above half of Nyquist's frequency over the originals'. Below 1 it is smoother
    than the original: of such an inverse little noise is no merit."""

    contrast: float
    """Of the first start's inverse over the originals': far from 1 where a layer does not see contrast."""


@dataclass(frozen=True, kw_only=True, eq=False)
class InversionFinding:
    """Inversions of one layer from a noisy and a constant start, and from further noisy ones."""

    known: InversionNumbers
    """Over the images that converged from every start: of the layer. Not numbers where there are none."""

    everything: InversionNumbers
    """Over all images: of a descent of so many steps, and of the layer only as far as that has come."""

    start: InversionNumbers
    """Of the starts in the inverses' place: of a layer that knows nothing of its input."""

    original: InversionNumbers
    """Of the originals in their place: of a layer that knows all; its grain is that of the originals' own texture."""

    converged: float
    """Share of images whose distance at the layer is below that of a shift δ ~ N(0, (1/18)²), from every start."""

    kept: Tensor
    """(B,), bool: which images these are."""

    inverses: tuple[Images, ...]
    """(B, C, H, W) for each start: from noise, from gray, and from further noise."""

    steps: int
    """The most that one descent took."""


def find_inversion(
    model: nn.Module,
    x: Images,
    trial: Trial,
    *,
    layer: str = "output",
    original: Images | None = None,
    method: Method = "lbfgs",
    steps: int | None = None,
    num_noisy_starts: int = 1,
) -> InversionFinding:
    """Invert a layer from N(0.7, 0.05²) and from gray of 0.5, and say what the inverses share and how they differ.

    For images that are not clean, the floor is the same finding for the clean ones, which is another call.

    Args:
        model: any module from images to a tensor.
        x: images (B, C, H, W) whose representations are inverted.
        trial: from which the noise is derived; at scale smoke a descent takes at most 10 steps, unless told otherwise.
        layer: a name in `layers`.
        original: what the inverses are compared with; `x` unless given.
        method: `lbfgs` until it converged, or `reference` for the source's 500 steps.
        steps: at most; None takes the method's own.
        num_noisy_starts: how many starts have noise, at least 1; one more is gray.

    Raises:
        CopyistError: as `invert`.
        ArgumentError: there is no noisy start.
    """
    if num_noisy_starts < 1:
        raise ArgumentError(f"an inversion needs at least one noisy start, got {num_noisy_starts}")
    clean = x if original is None else original
    most = 10 if trial.scale == "smoke" and steps is None else steps
    starts = [
        draw_normal(x.shape, mean=0.7, std=0.05, generator=trial.generator("inversion start", number), like=x)
        for number in range(num_noisy_starts)
    ]
    starts.insert(1, torch.full_like(x, 0.5))
    found = [
        invert(
            model,
            x,
            layer=layer,
            method=method,
            start=start,
            steps=most,
            tolerance=TOLERANCE,
            generator=trial.generator("inversion shift"),  # one yardstick for all starts
        )
        for start in starts
    ]
    kept = torch.stack([each.converged for each in found]).all(0)
    inverses = tuple(each.x for each in found)
    return InversionFinding(
        known=inversion_numbers([each[kept] for each in inverses], clean[kept]),
        everything=inversion_numbers(inverses, clean),
        start=inversion_numbers(starts, clean),
        original=inversion_numbers([clean, clean], clean),
        converged=float(kept.double().mean()),
        kept=kept,
        inverses=inverses,
        steps=max(each.steps for each in found),
    )


def inversion_numbers(inverses: Sequence[Images], original: Images) -> InversionNumbers:
    """Measure inverses of the same images from several starts.

    Args:
        inverses: at least two, (B, C, H, W) each.
        original: images (B, C, H, W).

    Returns:
        Numbers, or nothing but "not a number" where there is no image.

    Raises:
        ShapeError: shapes differ.
        ArgumentError: there are fewer than two inverses, so that nothing says what differs.
    """
    if len(inverses) < 2:
        raise ArgumentError(f"what differs between starts needs at least two of them, got {len(inverses)}")
    if len(original) == 0:
        nothing = math.nan
        return InversionNumbers(
            noise=nothing, disagreement=nothing, grain=nothing, missed=nothing, sharpness=nothing, contrast=nothing
        )
    for each in inverses:
        check_same_shape(each, original)
    stack = torch.stack([each.double() for each in inverses])  # (S, B, C, H, W)
    clean, shared = original.double(), stack.mean(0)
    flat = stack - stack.mean((3, 4), keepdim=True)
    contrast = rms(clean - clean.mean((2, 3), keepdim=True))
    fitted = aligned(shared, clean)
    return InversionNumbers(
        noise=float(flat.var(0).mean().sqrt()) / contrast,
        disagreement=1 - _mean_correlation(flat),
        grain=float(noise_level(stack[0]).square().mean().sqrt()) / contrast,
        missed=rms(fitted - clean) / contrast,
        sharpness=float(high_frequency_energy(fitted).sum() / high_frequency_energy(clean).sum()),
        contrast=rms(flat[0]) / contrast,
    )


def rms(difference: Tensor) -> float:
    """The root mean square over all values."""
    return float(difference.square().mean().sqrt())


def _mean_correlation(flat: Tensor) -> float:
    """Over pairs of starts, images and channels, of (S, B, C, H, W) whose channels have the mean 0; a constant channel
    has none with any other."""
    rows = nn.functional.normalize(flat.flatten(3), dim=3)
    count = len(rows)
    pairs = [(i, j) for i in range(count) for j in range(i)]
    return math.fsum(float((rows[i] * rows[j]).sum(2).mean()) for i, j in pairs) / len(pairs)
