"""How far two sets of features are apart as distributions: Fréchet and kernel distance, precision, recall, coverage."""

__all__ = [
    "Coverage",
    "coverage",
    "edge_features",
    "frechet_distance",
    "kernel_distance",
    "layout_features",
    "pixel_features",
]

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from copyist.checks import check_images, check_whole
from copyist.errors import ArgumentError, ShapeError
from copyist.tensors import Images


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How well balls around each set's points hold the other set's.

    A point's ball reaches to its k-th nearest neighbor in its own set.
    """

    precision: float
    """Share of fake points that lie in any real point's ball, in [0, 1]: are the fakes like real ones?"""

    recall: float
    """Share of real points that lie in any fake point's ball, in [0, 1]: could each real one be a fake?"""

    density: float
    """Real points' balls that hold a fake point, per fake point, over k: about 1 for equal distributions."""

    coverage: float
    """Share of real points whose own ball holds a fake one, in [0, 1]: about 1 − 2⁻ᵏ for equal distributions."""


@torch.no_grad()
def frechet_distance(a: Tensor, b: Tensor) -> float:
    """The squared 2-Wasserstein distance of the Gaussians that have each set's mean and covariance.

        ‖μ_a − μ_b‖² + tr(Σ_a + Σ_b − 2 (Σ_a Σ_b)^½)

    The estimate is biased upward by a few samples, so sets compared with each other need one size. The root's trace is
    the sum of the singular values of Σ_a^½ Σ_b^½, in float64.

    Args:
        a: features (N, D).
        b: features (M, D).

    Returns:
        The distance, at least 0, in squared units of the features.

    Raises:
        ShapeError: the features are not (N, D), or differ in D.
        ArgumentError: N or M does not exceed D, or a feature is not finite.

    Source:
        Heusel et al. (2017), "GANs Trained by a Two Time-Scale Update Rule", equation 6; Dowson & Landau (1982).
    """
    a, b = _check_features(a, b)
    width = a.shape[1]
    for count in (len(a), len(b)):
        if count <= width:
            raise ArgumentError(
                f"a covariance of {width} features needs more than {width} samples, got {count}; "
                "take more samples, or fewer features"
            )
    shift = (a.mean(0) - b.mean(0)).square().sum()
    spread_a, spread_b = _covariance(a), _covariance(b)
    joint = torch.linalg.svdvals(_root(spread_a) @ _root(spread_b)).sum()
    return max(float(shift + spread_a.trace() + spread_b.trace() - 2 * joint), 0.0)


@torch.no_grad()
def kernel_distance(a: Tensor, b: Tensor, *, chunk: int = 2048) -> float:
    """The squared maximum mean discrepancy under the kernel k(x, y) = (xᵀy / D + 1)³, unbiased.

        mean over i ≠ j of k(aᵢ, aⱼ) + mean over i ≠ j of k(bᵢ, bⱼ) − 2 · mean of k(aᵢ, bⱼ)

    Unlike the Fréchet distance it has no bias, so that sets of one distribution score 0 on average, and may be below 0.

    Args:
        a: features (N, D).
        b: features (M, D).
        chunk: how many rows are compared at once; it bounds the memory, not the answer.

    Raises:
        ShapeError: the features are not (N, D), or differ in D.
        ArgumentError: N or M is below 2, a feature is not finite, or `chunk` is less than 1.

    Source:
        Bińkowski et al. (2018), "Demystifying MMD GANs", section 4; Gretton et al. (2012), equation 3.
    """
    check_whole("chunk", chunk, 1)
    a, b = _check_features(a, b)
    for count in (len(a), len(b)):
        if count < 2:
            raise ArgumentError(f"a kernel distance needs at least 2 samples of each set, got {count}")
    within = [(_kernel_sum(x, x, chunk) - _kernel_diagonal(x)) / (len(x) * (len(x) - 1)) for x in (a, b)]
    return sum(within) - 2 * _kernel_sum(a, b, chunk) / (len(a) * len(b))


@torch.no_grad()
def coverage(real: Tensor, fake: Tensor, *, k: int = 5, chunk: int = 1024) -> Coverage:
    """Precision, recall, density and coverage, by the k-th nearest neighbor of each point in its own set.

    Args:
        real: features (N, D).
        fake: features (M, D); sets of one size keep precision and recall comparable.
        k: which neighbor a ball reaches to, the point itself not counted.
        chunk: how many rows are compared at once; it bounds the memory, not the answer.

    Raises:
        ShapeError: the features are not (N, D), or differ in D.
        ArgumentError: N or M does not exceed `k`, a feature is not finite, or `k` or `chunk` is less than 1.

    Source:
        Kynkäänniemi et al. (2019), equation 2, for precision and recall; Naeem et al. (2020), equations 4 and 5, for
        density and coverage, and their Lemma 2 for the coverage expected of equal distributions.
    """
    check_whole("k", k, 1)
    check_whole("chunk", chunk, 1)
    real, fake = _check_features(real, fake)
    for count in (len(real), len(fake)):
        if count <= k:
            raise ArgumentError(f"balls to neighbor k = {k} need more than {k} samples of each set, got {count}")
    reach_real, reach_fake = _reach(real, k, chunk), _reach(fake, k, chunk)
    held = torch.zeros(len(fake), dtype=torch.long, device=fake.device)
    recalled: list[Tensor] = []
    covered: list[Tensor] = []
    for part, reach in zip(real.split(chunk), reach_real.split(chunk), strict=True):
        distances = _distances(part, fake)
        inside = distances <= reach[:, None]  # (chunk, M)
        held += inside.sum(0)
        covered.append(inside.any(1))
        recalled.append((distances <= reach_fake).any(1))
    return Coverage(
        precision=float((held > 0).double().mean()),
        recall=float(torch.cat(recalled).double().mean()),
        density=float(held.double().mean() / k),
        coverage=float(torch.cat(covered).double().mean()),
    )


def pixel_features(x: Images, *, side: int = 8) -> Tensor:
    """Features without training: the images themselves, averaged over areas down to `side` × `side` pixels.

    Args:
        x: images (B, C, H, W).
        side: pixels per side afterwards, at most the shorter side.

    Returns:
        (B, C · side²), in units of pixel value.

    Raises:
        ShapeError: `x` is not (B, C, H, W).
        ArgumentError: `side` is below 1, or larger than the images.
    """
    check_images(x)
    check_whole("side", side, 1)
    if side > min(x.shape[-2:]):
        raise ArgumentError(f"side must be at most the images' {min(x.shape[-2:])}, got {side}")
    return F.adaptive_avg_pool2d(x.detach(), side).flatten(1)


def layout_features(
    x: Images, *, sides: tuple[int, ...] = (1, 2, 4), contrast_sides: tuple[int, ...] = (1, 2)
) -> Tensor:
    """Features without training: where an image is how bright, of what color and how varied, at several scales.

    Each channel's means over the cells of a grid of `side` × `side`, for one grid after the other; then its standard
    deviations within the cells of those of `contrast_sides`. They tell a picture from the same upside down or with its
    parts in another order, and hardly see what is smaller than a cell.

    Args:
        x: images (B, C, H, W).
        sides: cells along each side of the grids of means, each at most the shorter side of the images.
        contrast_sides: likewise of the grids of deviations.

    Returns:
        (B, C · (Σ side² over both)), in units of pixel value. Means of coarser grids are means of finer ones', so that
        features depend on each other; the coarser a structure is, the more of them it moves.

    Raises:
        ShapeError: `x` is not (B, C, H, W).
        ArgumentError: no side is given, or one is below 1 or larger than the images.
    """
    if not sides and not contrast_sides:
        raise ArgumentError("layout features need at least one grid, got none")
    means = [pixel_features(x, side=side) for side in sides]
    moments = [(pixel_features(x, side=side), pixel_features(x.square(), side=side)) for side in contrast_sides]
    spreads = [(square - mean.square()).clamp_min(0).sqrt() for mean, square in moments]
    return torch.cat([*means, *spreads], dim=1)


def edge_features(x: Images, *, sides: tuple[int, ...] = (1, 2, 4)) -> Tensor:
    """Features without training: how strong the edges of an image are, across and down, and where.

    The mean, over the cells of grids of `side` × `side`, of |x[i, j + 1] − x[i, j]| and then of |x[i + 1, j] − x[i, j]|
    per channel. They are no linear function of pixels. So the mean and covariance of these features, unlike those of
    linear ones, tell images from draws of the normal law that has the images' mean and covariances: real images are
    smooth in most places and have edges in few, draws are rough everywhere.

    Args:
        x: images (B, C, H, W), H and W at least 2.
        sides: cells along each side of the grids, each less than the shorter side of the images.

    Returns:
        (B, 2 · C · Σ side²), at least 0, in units of pixel value.

    Raises:
        ShapeError: `x` is not (B, C, H, W).
        ArgumentError: no side is given, or one is below 1 or not less than the images' shorter side.
    """
    check_images(x)
    if not sides:
        raise ArgumentError("edge features need at least one grid, got none")
    across, down = x.diff(dim=-1).abs(), x.diff(dim=-2).abs()
    if min(across.shape[-1], down.shape[-2]) < max(sides):
        raise ArgumentError(
            f"grids of edge features must be less than the images' shorter side, got {max(sides)} cells along a side "
            f"of {min(x.shape[-2:])}"
        )
    return torch.cat([pixel_features(change, side=side) for change in (across, down) for side in sides], dim=1)


def _check_features(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Both sets in float64, refused where they cannot be compared."""
    for x in (a, b):
        if x.ndim != 2 or 0 in x.shape or not x.is_floating_point():
            raise ShapeError(f"features must be floats of shape (N, D), got {x.dtype} of shape {tuple(x.shape)}")
    if a.shape[1] != b.shape[1]:
        raise ShapeError(f"both sets must have the same number of features, got {a.shape[1]} and {b.shape[1]}")
    for x in (a, b):
        broken = int((~x.isfinite()).any(1).sum())
        if broken:
            raise ArgumentError(f"features must be finite numbers, got {broken} of {len(x)} samples with others")
    return a.double(), b.to(a.device).double()


def _covariance(x: Tensor) -> Tensor:
    centered = x - x.mean(0)
    return centered.T @ centered / (len(x) - 1)


def _root(matrix: Tensor) -> Tensor:
    """The symmetric root of a covariance; eigenvalues that rounding has put below 0 count as 0."""
    values, vectors = torch.linalg.eigh(matrix)
    return vectors * values.clamp_min(0).sqrt() @ vectors.T


def _kernel_sum(x: Tensor, y: Tensor, chunk: int) -> float:
    total = 0.0
    for part in x.split(chunk):
        base = part @ y.T / y.shape[1] + 1
        total += float((base * base * base).sum())  # far faster than a power
    return total


def _kernel_diagonal(x: Tensor) -> float:
    return float((x.square().mean(1) + 1).pow(3).sum())


def _reach(x: Tensor, k: int, chunk: int) -> Tensor:
    """Distance of each point to its k-th nearest neighbor, itself left out, (N,)."""
    parts: list[Tensor] = []
    for start in range(0, len(x), chunk):
        distances = _distances(x[start : start + chunk], x)
        rows = torch.arange(len(distances), device=x.device)
        distances[rows, start + rows] = torch.inf
        parts.append(distances.kthvalue(k, dim=1).values)
    return torch.cat(parts)


def _distances(x: Tensor, y: Tensor) -> Tensor:
    """Euclidean distances (N, M), by differences: equal points are at 0 exactly."""
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")
