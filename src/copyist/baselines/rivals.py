"""The detectors without a network that any other must beat, fitted on the same normal examples."""

__all__ = ["Rival", "fit_rivals"]

from typing import Protocol

from copyist.baselines.isolation_forest import IsolationForest
from copyist.baselines.linear_copier import PrincipalResidual
from copyist.baselines.neighbor_detector import NeighborDistance
from copyist.tensors import Examples, PerImage

NEIGHBORS = {"5 nearest": 5, "nearest 5 %": 0.05}
"""The sizes of neighborhoods, by the names of their detectors: few where all that was trained on is normal, many where
outliers may be among it."""


class Rival(Protocol):
    """A fitted detector."""

    def anomaly(self, x: Examples) -> PerImage:
        """(B,), larger is stranger, of images or rows as it was fitted on."""
        ...


def fit_rivals(train: Examples, *, code_size: int | None = None, seed: int = 0) -> dict[str, Rival]:
    """Fit every rival.

    Args:
        train: normal examples, at least 2: images (N, C, H, W) or rows (N, D).
        code_size: how many values the code has that is compared; None where there is none, and then principal axes
            are as many as hold nine tenths of the variance.
        seed: of the forest.

    Returns:
        The rivals by name: principal axes, neighbors at two sizes, isolation forest.

    Raises:
        ShapeError: `train` is neither images nor rows.
        ArgumentError: there are fewer than 2 examples.
    """
    return {
        "principal axes": PrincipalResidual.fit(train, num_axes=code_size),
        **{name: NeighborDistance.fit(train, neighbors=neighbors) for name, neighbors in NEIGHBORS.items()},
        "isolation forest": IsolationForest.fit(train, seed=seed),
    }
