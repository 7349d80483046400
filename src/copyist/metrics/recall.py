"""Whether a map that is applied again and again returns to the images that it was trained on, and from how far."""

__all__ = ["Recall", "recall"]

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from copyist.checks import check_at_least, check_images, check_positive, check_whole
from copyist.errors import ArgumentError
from copyist.evidence import Interval, binomial_interval
from copyist.metrics.distortion import distance
from copyist.metrics.neighbors import nearest
from copyist.randomness import draw_normal
from copyist.tensors import Images, PerImage


@dataclass(frozen=True, kw_only=True, eq=False)
class Recall:
    """Which of N images a map returns to, from itself and from noise of S levels around it."""

    sigmas: tuple[float, ...]
    """The levels, rising from 0, in units of pixel value."""

    recalled: Tensor
    """(S, N) bool: from noise of that level the map came back to the image; from none, it stayed there."""

    remaining: Tensor
    """(S, N): distance from the image in the end, over half the median distance of two images."""

    shares: tuple[Interval, ...]
    """By level, of images that are recalled, with the exact binomial 95 % interval."""

    basin: PerImage
    """(N,): the highest level up to which the image is recalled from every one; 0 where it is from none above 0, and
    not a number where the map does not even stay there."""


@torch.no_grad()
def recall(
    copy: Callable[[Images], Images],
    x: Images,
    *,
    among: Images | None = None,
    sigmas: Sequence[float] = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8),
    steps: int = 100,
    within: float = 0.5,
    generator: torch.Generator,
) -> Recall:
    """Put noise on images, apply a map again and again, and see whether it leads back to them.

        x₀ = x + σ·n,  n ~ N(0, 1) per value, one n for all σ;  xₜ₊₁ = copy(xₜ)

    An image is recalled if after `steps` steps

        ‖x_T − x‖ < within · (median distance of two images) / 2,
        ‖x_T − x‖ < ‖x₀ − x‖ / 2, for σ > 0: a map that leaves all as it is brings nothing back,
        no other image is nearer to x_T.

    Images that attract are stored as in an associative memory; held-out ones, for which the map was not trained, are
    the control.

    Args:
        copy: the map, such as a model's copies; with batch statistics its answers depend on what else is in a batch,
            which here are other images under noise of the same level.
        x: images (N, C, H, W), at least 2, no two equal.
        among: all images that might be recalled in their place, which hold `x` (M, C, H, W); `x` itself unless given.
        sigmas: standard deviations of the noise, rising, the first of them 0.
        steps: how often the map is applied, at least 1.
        within: the share of half the median distance that counts as back.
        generator: of the noise.

    Raises:
        ShapeError: `x` is not (N, C, H, W).
        ArgumentError: there are fewer than 2 images, most are equal, or a number is out of its range.

    Source:
        Radhakrishnan, Belkin & Uhler (2020), "Overparameterized neural networks implement associative memory", who
        apply an autoencoder to its corrupted training images until they stand still.
    """
    check_images(x)
    check_at_least("the number of images", len(x), 2)
    check_whole("steps", steps, 1)
    check_positive("within", within)
    if len(sigmas) < 2 or sigmas[0] != 0 or any(later <= sooner for sooner, later in pairwise(sigmas)):
        raise ArgumentError(f"sigmas must rise from 0, got {tuple(sigmas)}")
    candidates = x if among is None else among.to(x)
    half = float(torch.pdist(x.flatten(1)).quantile(0.5)) / 2
    check_positive("the median distance between images", half)
    unit = draw_normal(x.shape, generator=generator, like=x)
    recalled: list[Tensor] = []
    remaining: list[PerImage] = []
    for sigma in sigmas:
        state = x + sigma * unit
        for _ in range(steps):
            state = copy(state)
        left = distance(state, x)
        # Equally near is near enough: the nearest of all may be the image itself, found by other sums.
        own = left <= nearest(state, candidates).distance * x[0].numel() ** 0.5 * (1 + 1e-4)
        back = (left < within * half) & own
        recalled.append(back if sigma == 0 else back & (left < distance(sigma * unit, torch.zeros_like(unit)) / 2))
        remaining.append(left / half)
    found = torch.stack(recalled)
    return Recall(
        sigmas=tuple(sigmas),
        recalled=found,
        remaining=torch.stack(remaining),
        shares=tuple(binomial_interval(int(each.sum()), len(x)) for each in found),
        basin=_basin(found, sigmas),
    )


def _basin(recalled: Tensor, sigmas: Sequence[float]) -> PerImage:
    """The highest level up to which all are recalled, (N,); not a number where the first is not."""
    levels = torch.tensor(sigmas, device=recalled.device)
    count = recalled.long().cumprod(0).sum(0)  # (N,)
    return torch.where(count > 0, levels[(count - 1).clamp_min(0)], torch.nan)
