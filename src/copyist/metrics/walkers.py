"""Diagnostics of a walk: which images walked, whether they came to rest, and which training images they passed."""

__all__ = ["WalkDiagnostics", "effective_samples", "net_displacement", "walk_diagnostics"]

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from copyist.checks import check_positive, check_same_examples, check_whole
from copyist.errors import ArgumentError, ShapeError
from copyist.evidence import Interval, binomial_interval
from copyist.metrics.distortion import distance
from copyist.metrics.neighbors import Neighbors, nearest
from copyist.tensors import Images, PerImage

LONGEST_CYCLE = 8
"""The longest cycle that is looked for, in steps."""


@dataclass(frozen=True, kw_only=True, eq=False)
class WalkDiagnostics:
    """Measures of a walk of B images over T steps; distances are Euclidean, over all values of an image."""

    displacement: PerImage
    """(B,), from the start's copy to the last frame."""

    threshold: float
    """Half the median distance between two starts' copies."""

    walked: Tensor
    """(B,) bool, whether the displacement exceeds the threshold."""

    share: Interval
    """Of walkers, with the exact binomial 95 % interval."""

    motion: PerImage
    """(B,), the length of the last step."""

    fixed_point: Tensor
    """(B,) bool, whether the last step is shorter than `tolerance` times the threshold."""

    cycle: Tensor
    """(B,) int64, the least period from 2 to 8 in which the last frames repeat to that same bound; 0 for none."""

    passed: Neighbors
    """The nearest training image of each frame, index and distance (T + 1, B); see `nearest` for its units."""

    changes: Tensor
    """(B,) int64, how often the nearest training image changed."""

    nearness: float
    """Median of these distances after the start over that of held-out images: far below 1 is remembered."""

    effective: PerImage
    """(B,) in [1, T], effective samples of frames 1 … T, the fewest over the features."""


@torch.no_grad()
def walk_diagnostics(
    frames: Tensor,
    *,
    copies: Images,
    data: Images,
    held_out: Images,
    features: Callable[[Images], Tensor],
    flipped: bool = False,
    tolerance: float = 1e-3,
) -> WalkDiagnostics:
    """Judge a walk by its frames.

    Args:
        frames: (T + 1, B, C, H, W), the start first, as `walk` returns them.
        copies: O(x) of the starts (B, C, H, W), at least 2 of them.
        data: the training images (N, C, H, W), at least 2.
        held_out: images of the same data that were not trained on (M, C, H, W).
        features: from images (B, C, H, W) to a few numbers each (B, D), such as principal components of the data: a
            walk's effective samples are counted in each of them.
        flipped: whether a left-right mirrored training image counts too.
        tolerance: which share of the threshold counts as no motion.

    Raises:
        ShapeError: the shapes of single images differ, or `frames` has no step.
        ArgumentError: there are fewer than 2 copies, most of them or all of `data` are equal, or `tolerance` is not
            greater than 0.
    """
    check_positive("tolerance", tolerance)
    if frames.ndim != 5 or len(frames) < 2:
        raise ShapeError(f"frames must have shape (T + 1, B, C, H, W) with T at least 1, got {tuple(frames.shape)}")
    check_same_examples(frames[-1], copies)
    if len(copies) < 2:
        raise ArgumentError(f"a walk's threshold needs at least 2 images, got {len(copies)}")
    threshold = float(torch.pdist(copies.flatten(1)).quantile(0.5)) / 2
    check_positive("the median distance between copies", threshold)
    displacement, motion = distance(frames[-1], copies), distance(frames[-1], frames[-2])
    walked, at_rest = displacement > threshold, motion < tolerance * threshold
    found = nearest(frames.flatten(0, 1), data, flipped=flipped)
    passed = Neighbors(distance=found.distance.view(frames.shape[:2]), index=found.index.view(frames.shape[:2]))
    usual = float(nearest(held_out, data, flipped=flipped).distance.median())
    chains = torch.stack([features(frame) for frame in frames[1:]])  # (T, B, D)
    return WalkDiagnostics(
        displacement=displacement,
        threshold=threshold,
        walked=walked,
        share=binomial_interval(int(walked.sum()), len(walked)),
        motion=motion,
        fixed_point=at_rest,
        cycle=_cycle(frames, tolerance * threshold).masked_fill(at_rest, 0),
        passed=passed,
        changes=(passed.index.diff(dim=0) != 0).sum(0),
        nearness=float(passed.distance[1:].median()) / usual if usual > 0 else float("nan"),
        effective=effective_samples(chains.flatten(1)).view(chains.shape[1:]).amin(1),
    )


def net_displacement(frames: Tensor, *, window: int = 50) -> Tensor:
    """How far each image of a walk came in each window of so many steps, from its first frame to its last.

    The length of single steps is no measure of motion where each holds fresh noise, which goes nowhere: over a window
    of k steps such noise adds up to its own size, a random walk to √k steps, and a steady motion to k.

    Args:
        frames: (T + 1, B, ...), the start first.
        window: steps, at most T. Windows follow each other and end with the last frame; steps before the first whole
            one are left out.

    Returns:
        (T // window, B), Euclidean distances over all values of an image, the earliest window first.

    Raises:
        ShapeError: `frames` is not (T + 1, B, ...).
        ArgumentError: `window` is below 1 or above T.
    """
    check_whole("window", window, 1)
    if frames.ndim < 3:
        raise ShapeError(f"frames must have shape (T + 1, B, ...), got {tuple(frames.shape)}")
    length = len(frames) - 1
    if window > length:
        raise ArgumentError(f"window must be at most the walk's {length} steps, got {window}")
    ends = frames[length % window :: window]  # (T // window + 1, B, ...)
    return ends.diff(dim=0).flatten(2).norm(dim=2)


def effective_samples(chain: Tensor) -> Tensor:
    """How many independent draws would tell the mean of each chain as well as its T correlated ones.

        T / (−1 + 2 Σ Γₜ),  Γₜ = ρ₂ₜ + ρ₂ₜ₊₁, summed over t = 0, 1, … while Γₜ > 0

    Args:
        chain: (T, K), K chains.

    Returns:
        (K,), in [1, T]; a chain that never moves counts as 1. One that swings to and fro may reach T though it repeats.

    Raises:
        ShapeError: `chain` is not (T, K).

    Source:
        Geyer (1992), "Practical Markov Chain Monte Carlo", section 3.3, the initial positive sequence.
    """
    if chain.ndim != 2 or 0 in chain.shape:
        raise ShapeError(f"a chain must have shape (T, K), got {tuple(chain.shape)}")
    count = len(chain)
    x = chain.double() - chain.double().mean(0)
    power = torch.fft.rfft(x, n=2 * count, dim=0).abs().square()
    covariance = torch.fft.irfft(power, n=2 * count, dim=0)[:count]
    still = covariance[0] <= count * 1e-20 * (1 + chain.double().square().amax(0))
    correlation = covariance / covariance[0].masked_fill(still, 1.0)
    pairs = correlation[: count // 2 * 2].unflatten(0, (-1, 2)).sum(1)  # (T / 2, K)
    positive = (pairs > 0).long().cumprod(0)
    time = 2 * (pairs * positive).sum(0) - 1
    return torch.where(still, 1.0, count / time.clamp_min(1.0)).clamp(1, count)


def _cycle(frames: Tensor, bound: float) -> Tensor:
    """The least period in which the last frames, two periods of them, repeat; 0 for none, (B,)."""
    found = torch.zeros(frames.shape[1], dtype=torch.long, device=frames.device)
    for period in range(min(LONGEST_CYCLE, len(frames) // 2), 1, -1):
        gaps = (frames[-period:] - frames[-2 * period : -period]).flatten(2).norm(dim=2)  # (period, B)
        found = found.masked_fill((gaps < bound).all(0), period)
    return found
