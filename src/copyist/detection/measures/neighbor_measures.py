"""How far an example is from normal ones, by the k-th nearest: itself, its copy, or its code."""

__all__ = ["CodeDistance", "CopyDistance", "ExampleDistance", "NeighborMeasure"]

import abc
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from copyist.checks import check_at_least
from copyist.data.parts import evenly_spaced
from copyist.detection.copies import Copies
from copyist.detection.measures.contract import AnomalyMeasure, Statistics
from copyist.metrics.neighbor_distances import check_neighbors, neighbor_distances, neighbor_rank
from copyist.models.contracts import Autoencoder, Model, needs
from copyist.tensors import PerImage, Rows


@dataclass(frozen=True, kw_only=True)
class NeighborMeasure(AnomalyMeasure):
    """The distance of what is made of an example to its k-th nearest among what is made of training examples.

    With a small k, gaps between normal examples are strange too. With a large one, a cluster of fewer outliers in the
    training data does not make others like them normal.

    Source:
        Ramaswamy, Rastogi & Shim (2000), "Efficient Algorithms for Mining Outliers from Large Data Sets".
    """

    neighbors: float = 5
    """k; below 1, the share of the training examples that it is."""

    most: int = 10_000
    """Training examples that are kept, spread evenly over all of them."""

    def __post_init__(self) -> None:
        check_neighbors(self.neighbors)
        check_at_least("most", self.most, 1)

    @abc.abstractmethod
    def points(self, copies: Copies) -> Rows:
        """What is compared, (B, N), one point per example."""

    @abc.abstractmethod
    def units(self, points: Rows) -> Tensor:
        """(N,), what each coordinate is measured in, of the points of all training examples."""

    @final
    def fit(self, train: Copies, held_out: Copies) -> Statistics:
        """The points of the training examples, and their units."""
        points = self.points(train)
        units = self.units(points)
        kept = torch.from_numpy(evenly_spaced(len(points), self.most)).to(points.device)
        return {"units": units, "points": points[kept] / units}

    @final
    def __call__(self, copies: Copies, statistics: Statistics) -> PerImage:
        points = self.points(copies)
        references = statistics["points"].to(points)
        k = neighbor_rank(self.neighbors, num_references=len(references))
        return neighbor_distances(points / statistics["units"].to(points), references, ranks=(k,))[:, 0]


@final
@dataclass(frozen=True, kw_only=True)
class ExampleDistance(NeighborMeasure):
    """The distance of an example itself to its k-th nearest, rows of a table in the units of the model.

    Of a model with `column_unit="tails"` these units count columns with heavy tails less, as its noise does.
    """

    def points(self, copies: Copies) -> Rows:
        return copies.row

    def units(self, points: Rows) -> Tensor:
        return torch.ones_like(points[0])


@final
@dataclass(frozen=True, kw_only=True)
class CopyDistance(NeighborMeasure):
    """The distance of an example's copy to its k-th nearest among the copies of the training examples.

    A denoising autoencoder takes variation smaller than its noise off, so that the copies of normal examples lie
    closer together than these do themselves.
    """

    def points(self, copies: Copies) -> Rows:
        return copies.copied_row

    def units(self, points: Rows) -> Tensor:
        return torch.ones_like(points[0])


@final
@dataclass(frozen=True, kw_only=True)
class CodeDistance(NeighborMeasure):
    """The distance of an example's code to its k-th nearest among the codes of the training examples.

    Codes are taken in units of the standard deviations of the training examples' codes.
    """

    def points(self, copies: Copies) -> Rows:
        return copies.z.flatten(1)

    def units(self, points: Rows) -> Tensor:
        std = points.std(0, correction=0)
        return torch.where(std > 0, std, 1)

    def check_model(self, model: Model) -> None:
        needs(model, Autoencoder, verb="detect by codes")
