"""Feature maps without training, or with principal axes alone, in which sets of images are compared."""

__all__ = ["GRIDS", "NUM_AXES", "SAMPLES_PER_FEATURE", "FeatureMap", "feature_maps"]

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

from copyist.baselines.principal_axes import PCAFeatures
from copyist.checks import check_whole
from copyist.metrics.distribution import layout_features
from copyist.tensors import Images

FeatureMap: TypeAlias = Callable[[Images], Tensor]
"""From images (B, C, H, W) to features (B, D)."""

SAMPLES_PER_FEATURE = 4
"""At least so many images per feature: from fewer a covariance says more about the draw than about the images."""

NUM_AXES = 32
"""Principal axes, where there are images enough for as many."""

GRIDS = (1, 2, 4, 8)
"""Sides of the grids of the layout's means, the coarsest first; of its contrasts, all of them but the finest."""


def feature_maps(train: Images, *, count: int) -> dict[str, FeatureMap]:
    """Features by name, for sets of `count` images each.

        axes     32 principal axes of the training images, or a quarter of the number of images
        layout   `layout_features` on the grids 1, 2, 4, 8, as many as leave four images per feature

    Args:
        train: images (N, C, H, W) that the axes are found on.
        count: images of each set that is compared.

    Raises:
        ArgumentError: `count` is below 1, or there are fewer than two training images, or only equal ones.
    """
    check_whole("count", count, 1)
    most = max(1, count // SAMPLES_PER_FEATURE)
    dimensions = min(NUM_AXES, most, len(train) - 1, train[0].numel())
    return {"axes": PCAFeatures.fit(train, dimensions=max(1, dimensions)), "layout": _layout(train.shape[1:], most)}


def _layout(shape: torch.Size, most: int) -> FeatureMap:
    """Layout features of as many grids as give at most so many features, and of one cell at least."""
    channels, side = shape[0], min(shape[1:])

    def num_features(grids: tuple[int, ...]) -> int:
        return channels * (sum(each**2 for each in grids) + sum(each**2 for each in grids[:-1]))

    lengths = [n for n in range(1, len(GRIDS) + 1) if GRIDS[n - 1] <= side and num_features(GRIDS[:n]) <= most]
    grids = GRIDS[: max(lengths, default=1)]
    return lambda x: layout_features(x, sides=grids, contrast_sides=grids[:-1])
