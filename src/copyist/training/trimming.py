"""Training rows without the strangest of them, for data that may hold outliers."""

__all__ = ["TRIMMING_NEIGHBORS", "without_strangest"]

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from copyist.checks import check_within
from copyist.data.examples import ExampleSet
from copyist.data.parts import evenly_spaced
from copyist.errors import ArgumentError
from copyist.metrics.neighbor_distances import neighbor_distances, neighbor_rank
from copyist.nn.standardization import ColumnUnit, Standardization

TRIMMING_NEIGHBORS = 0.05
"""The share of the rows by whose farthest the strangest are told: a cluster of fewer outliers than that is far from
it."""

_MOST = 4000
"""Rows that all are compared with."""


def without_strangest(rows: ExampleSet, *, share: float, unit: ColumnUnit = "std") -> ExampleSet:
    """The rows of a table but for the share of them that is farthest from the others.

    Each row is judged by the distance to its k-th nearest other, with k a twentieth of all, in units of the columns;
    of a large table 4000 evenly spaced rows are what all are compared with. Not only outliers are left out: where they
    are few, most of what is left out is the rim of the normal data.

    The units of the columns are those of all rows: what is left out may be what shows that a column has heavy tails.

    Args:
        rows: of a table.
        share: of the rows that is left out, in [0, 1).
        unit: what columns are measured in, as in the model.

    Returns:
        The other rows, in their order; at least one.

    Raises:
        ArgumentError: the share is out of range, or the examples are images.
    """
    check_within("the trimmed share", share, 0, 1)
    if not rows.is_table:
        raise ArgumentError(
            f"only rows of a table can be trimmed, got images in {rows.source}; take images without outliers, or "
            "trim nothing (--set trimmed=0)"
        )
    num_kept = max(1, len(rows) - int(share * len(rows)))
    if num_kept == len(rows):
        return rows
    kept = np.sort(np.argsort(_strangeness(rows.examples(), unit).numpy(), kind="stable")[:num_kept])
    return replace(
        rows,
        array=rows.array[kept],
        names=tuple(rows.names[row] for row in kept),
        labels=None if rows.labels is None else rows.labels[kept],
    )


def _strangeness(x: Tensor, unit: ColumnUnit) -> Tensor:
    """The distance of each row (N, D) to its k-th nearest other, (N,)."""
    standardization = Standardization(x.shape[1])
    standardization.fit(x, unit=unit)
    rows, places = standardization(x), torch.from_numpy(evenly_spaced(len(x), _MOST))
    k = neighbor_rank(TRIMMING_NEIGHBORS, num_references=len(places))
    distances = neighbor_distances(rows, rows[places], ranks=(k, min(k + 1, len(places))))
    # One of the references is nearest to itself.
    is_reference = torch.zeros(len(x), dtype=torch.bool)
    is_reference[places] = True
    return torch.where(is_reference, distances[:, 1], distances[:, 0])
