"""The oldest detector: how far an example is from the k-th nearest of the normal ones."""

__all__ = ["NeighborDistance"]

from dataclasses import dataclass
from typing import Self, final

from copyist.baselines.flat_rows import FlatRows
from copyist.checks import check_examples
from copyist.metrics.neighbor_distances import check_neighbors, neighbor_distances, neighbor_rank
from copyist.tensors import Examples, PerImage, Rows


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class NeighborDistance:
    """The distance to the k-th nearest normal example, with nothing learned but the units of the columns."""

    rows: FlatRows
    """How an example becomes a row."""

    references: Rows
    """(N, D), the normal examples."""

    k: int
    """In [1, N]."""

    @classmethod
    def fit(cls, train: Examples, *, neighbors: float) -> Self:
        """Keep normal examples.

        Args:
            train: images (N, C, H, W) or rows (N, D).
            neighbors: k, N where there are fewer; below 1, the share of the examples that it is, such as 0.05.

        Raises:
            ShapeError: there are no examples.
            ArgumentError: `neighbors` is not greater than 0, or above 1 and no whole number.

        Source:
            Ramaswamy, Rastogi & Shim (2000), "Efficient Algorithms for Mining Outliers from Large Data Sets".
        """
        check_examples(train)
        check_neighbors(neighbors)
        rows = FlatRows.fit(train)
        return cls(rows=rows, references=rows(train), k=neighbor_rank(neighbors, num_references=len(train)))

    def anomaly(self, x: Examples) -> PerImage:
        """Euclidean distances (B,), larger is stranger: of rows in standard deviations, of images in pixel values."""
        return neighbor_distances(self.rows(x), self.references.to(x), ranks=(self.k,))[:, 0]
