"""The nearest training image of each sample and memorization by it, and distances to the k-th nearest."""

__all__ = [
    "Memorization",
    "Neighbors",
    "check_neighbors",
    "memorization",
    "nearest",
    "neighbor_distances",
    "neighbor_rank",
]

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from copyist.checks import check_at_least, check_examples, check_images
from copyist.errors import ArgumentError, ShapeError
from copyist.tensors import Images, PerImage

_CHUNK = 2**22
"""Distances that are computed at once."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Neighbors:
    """For each query the nearest of the references."""

    distance: PerImage
    """(B,), root mean squared difference over the example's values, in units of pixel value."""

    index: Tensor
    """(B,), int64, which reference it is."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Memorization:
    """How near samples come to the training set, beside how near unseen real images come."""

    samples: Neighbors
    """Of the samples."""

    held_out: Neighbors
    """Of real images that were not trained on: the distance that is normal for something new."""

    @property
    def ratio(self) -> float:
        """Median distance of the samples over that of the held-out images; far below 1 indicates memorization."""
        return float(self.samples.distance.median() / self.held_out.distance.median())


@torch.no_grad()
def nearest(queries: Images, references: Images, *, flipped: bool = False, chunk: int = 1024) -> Neighbors:
    """Find the nearest reference of each query, by the distance over all values.

    The search compares inner products, `chunk` references and queries at a time; the winner is then measured value by
    value, so that an exact copy is at distance 0. Of references equally near, one is named.

    Args:
        queries: examples (B, ...), such as samples.
        references: examples (N, ...) of the same shape, such as the training set.
        flipped: whether a left-right mirrored reference counts too (images only).
        chunk: how many examples of either kind are compared at once; it bounds the memory, not the answer.

    Raises:
        ShapeError: the shapes of single examples differ, or `flipped` is set for examples that are not images.
        ArgumentError: `chunk` is less than 1.
    """
    check_examples(queries)
    check_examples(references, name="references")
    check_at_least("chunk", chunk, 1)
    if queries.shape[1:] != references.shape[1:]:
        shapes = f"{tuple(queries.shape[1:])} and {tuple(references.shape[1:])}"
        raise ShapeError(f"queries and references must have one shape, got {shapes}")
    if flipped:
        check_images(queries)
        plain = nearest(queries, references, chunk=chunk)
        mirrored = nearest(queries.flip(-1), references, chunk=chunk)
        nearer = mirrored.distance < plain.distance
        return Neighbors(
            distance=torch.where(nearer, mirrored.distance, plain.distance),
            index=torch.where(nearer, mirrored.index, plain.index),
        )
    parts = [_nearest_of_chunk(part, references, chunk) for part in queries.split(chunk)]
    return Neighbors(distance=torch.cat([d for d, _ in parts]), index=torch.cat([i for _, i in parts]))


def memorization(
    samples: Images, *, train: Images, held_out: Images, flipped: bool = False, chunk: int = 1024
) -> Memorization:
    """Measure how near samples come to the training set, beside held-out images of the same data.

    Args:
        samples: examples (B, ...) a model made.
        train: what it was trained on (N, ...).
        held_out: examples (M, ...) of the same data that it was not trained on.
        flipped: whether a left-right mirrored training image counts too.
        chunk: how many examples are compared at once.

    Raises:
        ShapeError: the shapes of single examples differ, or `flipped` is set for examples that are not images.
        ArgumentError: `chunk` is less than 1.
    """
    return Memorization(
        samples=nearest(samples, train, flipped=flipped, chunk=chunk),
        held_out=nearest(held_out, train, flipped=flipped, chunk=chunk),
    )


@torch.no_grad()
def neighbor_distances(queries: Tensor, references: Tensor, *, ranks: Sequence[int], exact: bool = True) -> Tensor:
    """Euclidean distances to the k-th nearest references.

    Args:
        queries: (B, D).
        references: (N, D).
        ranks: the k, each from 1 to N.
        exact: whether each distance is a sum of squared differences, so that equal rows are at distance 0; without, it
            is found from inner products, much faster, and an error of rounding may stand in the place of 0.

    Returns:
        (B, len(ranks)), in the dtype of the queries.
    """
    mode = "donot_use_mm_for_euclid_dist" if exact else "use_mm_for_euclid_dist"
    rows = max(1, _CHUNK // len(references))
    places = [rank - 1 for rank in ranks]
    found: list[Tensor] = []
    for part in queries.split(rows):
        distances = torch.cdist(part, references, compute_mode=mode)
        found.append(distances.topk(max(ranks), largest=False).values[:, places])
    return torch.cat(found)


def check_neighbors(neighbors: float) -> None:
    """Refuse what is neither a number of neighbors nor a share of the references.

    Raises:
        ArgumentError: `neighbors` is not greater than 0, or above 1 and no finite whole number.
    """
    if not 0 < neighbors < math.inf or (neighbors >= 1 and neighbors != int(neighbors)):
        raise ArgumentError(f"neighbors must be a whole number of at least 1, or a share below 1, got {neighbors}")


def neighbor_rank(neighbors: float, *, num_references: int) -> int:
    """Which neighbor is meant among N references: the k-th, or of a share below 1 the ⌈share · N⌉-th; at most N."""
    k = int(neighbors) if neighbors >= 1 else math.ceil(neighbors * num_references)
    return min(k, num_references)


def _nearest_of_chunk(queries: Tensor, references: Tensor, chunk: int) -> tuple[Tensor, Tensor]:
    """Distances and indices for a few queries, over all references."""
    center = references[:chunk].mean(0)  # near 0, squares lose fewer digits
    rows = (queries - center).flatten(1)
    best = rows.new_full((len(rows),), torch.inf)
    index = torch.zeros(len(rows), dtype=torch.long, device=rows.device)
    for start in range(0, len(references), chunk):
        columns = (references[start : start + chunk].to(rows) - center).flatten(1)
        # ‖q − r‖² without ‖q‖², which all references share.
        distances, winners = (columns.square().sum(1) - 2 * rows @ columns.T).min(1)
        nearer = distances < best
        best = torch.where(nearer, distances, best)
        index = torch.where(nearer, winners + start, index)
    found = references[index.to(references.device)].to(queries)
    return (queries - found).square().flatten(1).mean(1).sqrt(), index
