"""Distances to the k-th nearest of many references, k given as a number or as a share of them."""

__all__ = ["check_neighbors", "neighbor_distances", "neighbor_rank"]

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from copyist.errors import ArgumentError

_CHUNK = 2**22
"""Distances that are computed at once."""


@torch.no_grad()
def neighbor_distances(queries: Tensor, references: Tensor, *, ranks: Sequence[int], exact: bool = True) -> Tensor:
    """Euclidean distances to the k-th nearest references.

    Args:
        queries: (B, D).
        references: (N, D).
        ranks: the k, each from 1 to N.
        exact: whether neighbors are found in float64 and their distances are sums of squared differences, so that equal
            rows are at distance 0; without, both come from inner products in the dtype of the queries, faster still,
            and an error of rounding may stand in the place of 0.

    Returns:
        (B, len(ranks)), in the dtype of the queries.
    """
    rows, places = max(1, _CHUNK // len(references)), [rank - 1 for rank in ranks]
    if exact:
        found = _exact(queries, references, places, rows)
    else:
        found = [
            torch.cdist(part, references, compute_mode="use_mm_for_euclid_dist")
            .topk(1 + max(places), largest=False)
            .values[:, places]
            for part in _in_parts(queries, rows)
        ]
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


def _exact(queries: Tensor, references: Tensor, places: Sequence[int], rows: int) -> list[Tensor]:
    """Neighbors by inner products, much faster than by differences, and then their distances by differences."""
    precise = torch.float32 if queries.device.type == "mps" else torch.float64
    center = references.to(precise).mean(0)  # Near 0, squares lose fewer digits.
    columns = references.to(precise) - center
    lengths = columns.square().sum(1)
    found: list[Tensor] = []
    for part in _in_parts(queries, rows):
        points = part.to(precise) - center
        # ‖q − r‖² without ‖q‖², which all references share.
        squares = torch.addmm(lengths, points, columns.T, alpha=-2)
        nearest = squares.topk(1 + max(places), largest=False).indices[:, places]
        distances = [(part - references[index]).to(precise).norm(dim=1) for index in nearest.unbind(1)]
        found.append(torch.stack(distances, 1).to(queries.dtype))
    return found


def _in_parts(queries: Tensor, rows: int) -> tuple[Tensor, ...]:
    """Queries in parts of so many; all at once in a program that is traced, which must not depend on their number."""
    return (queries,) if torch.compiler.is_compiling() else queries.split(rows)
