"""The nearest training image of each sample, and memorization by it."""

__all__ = ["Memorization", "Neighbors", "memorization", "nearest"]

from dataclasses import dataclass

import torch
from torch import Tensor

from copyist.checks import check_at_least, check_examples, check_images
from copyist.errors import ShapeError
from copyist.tensors import Images, PerImage


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
