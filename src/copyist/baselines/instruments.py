"""Feature maps without training, or with principal axes alone, in which sets of images are compared."""

__all__ = ["GRIDS", "JUDGE", "NUM_AXES", "SAMPLES_PER_FEATURE", "FeatureMap", "feature_maps"]

from collections.abc import Callable
from typing import TypeAlias, final

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from copyist.baselines.principal_axes import PCAFeatures
from copyist.checks import check_whole
from copyist.metrics.distribution import edge_features, layout_features
from copyist.tensors import Images

FeatureMap: TypeAlias = Callable[[Images], Tensor]
"""From images (B, C, H, W) to features (B, D)."""

SAMPLES_PER_FEATURE = 4
"""At least so many images per feature: from fewer a covariance says more about the draw than about the images."""

NUM_AXES = 32
"""Principal axes, where there are images enough for as many."""

GRIDS = (1, 2, 4, 8)
"""Sides of the grids of the layout's means, the coarsest first; of its contrasts, all of them but the finest."""

_APPEARANCES = (
    ((1,), (), ()),
    ((1,), (), (1,)),
    ((1, 2), (1,), (1,)),
    ((1, 2), (1,), (1, 2)),
    ((1, 2, 4), (1, 2), (1, 2)),
)
"""Likewise of means, contrasts and edges, the fewest first."""

_LEAST_SPREAD = 0.1
"""A feature's unit is at least this share of the largest of its kind: what hardly varies in real images may not decide
alone."""

_LEAST_UNIT = 0.1 / 255
"""And at least a tenth of a gray level of 8 bits, of kinds that do not vary at all, such as edges of plain images."""

JUDGE = "appearance"
"""Of these features those whose distances and coverage say most: they alone tell real images from negatives and from
draws of the normal law of the training pixels."""


def feature_maps(train: Images, *, count: int) -> dict[str, FeatureMap]:
    """Features by name, for sets of `count` images each.

        axes         32 principal axes of the training images, or a quarter of the number of images
        layout       `layout_features` on the grids 1, 2, 4, 8, as many as leave four images per feature
        appearance   means on the grids 1, 2, 4, contrasts and `edge_features` of the images at half their size on 1, 2,
                     likewise, each in units of its standard deviation over the training images; of the mean over
                     channels where means and edges of each channel are more features than that

    Axes are linear in the pixels, and most of the layout is: a draw of the normal law of the training pixels is, by the
    mean and covariance of these, as good as a real image. Edges alone are blind to color, brightness and sign.

    Args:
        train: images (N, C, H, W) that the axes are found on, and the units.
        count: images of each set that is compared.

    Raises:
        ArgumentError: `count` is below 1, or there are fewer than two training images, or only equal ones.
    """
    check_whole("count", count, 1)
    most = max(1, count // SAMPLES_PER_FEATURE)
    dimensions = min(NUM_AXES, most, len(train) - 1, train[0].numel())
    return {
        "axes": PCAFeatures.fit(train, dimensions=max(1, dimensions)),
        "layout": _layout(train.shape[1:], most),
        "appearance": _Appearance(train, most),
    }


def _layout(shape: torch.Size, most: int) -> FeatureMap:
    """Layout features of as many grids as give at most so many features, and of one cell at least."""
    channels, side = shape[0], min(shape[1:])

    def num_features(grids: tuple[int, ...]) -> int:
        return channels * (sum(each**2 for each in grids) + sum(each**2 for each in grids[:-1]))

    lengths = [n for n in range(1, len(GRIDS) + 1) if GRIDS[n - 1] <= side and num_features(GRIDS[:n]) <= most]
    grids = GRIDS[: max(lengths, default=1)]
    return lambda x: layout_features(x, sides=grids, contrast_sides=grids[:-1])


@final
class _Appearance:
    """Means, contrasts and coarse edges, on as many grids as give at most so many features; of the mean over channels
    where one cell of means and edges is too many."""

    def __init__(self, train: Images, most: int) -> None:
        channels, side = train.shape[1], min(train.shape[2:])
        self._gray = 3 * channels > most
        self._halved = side >= 4
        own, finest = 1 if self._gray else channels, side // 2 if self._halved else side

        def fits(grids: tuple[tuple[int, ...], ...]) -> bool:
            means, contrasts, edges = (sum(each**2 for each in kind) for kind in grids)
            fine = max(grids[0]) <= side and max(grids[2], default=0) < finest
            return fine and own * (means + contrasts + 2 * edges) <= most

        self._means, self._contrasts, self._edges = [each for each in _APPEARANCES if fits(each)][-1]
        kinds = self._kinds(train)
        spreads = [kind.std(0) for kind in kinds]
        self._units = torch.cat([std.clamp_min(max(_LEAST_SPREAD * float(std.max()), _LEAST_UNIT)) for std in spreads])

    def __call__(self, x: Images) -> Tensor:
        return torch.cat(self._kinds(x), dim=1) / self._units.to(x)

    def _kinds(self, x: Images) -> list[Tensor]:
        if self._gray:
            x = x.mean(1, keepdim=True)
        layout = layout_features(x, sides=self._means, contrast_sides=self._contrasts)
        num_means = x.shape[1] * sum(each**2 for each in self._means)
        coarse = avg_pool2d(x, 2) if self._halved else x
        kinds = [layout[:, :num_means], layout[:, num_means:]]
        kinds += [edge_features(coarse, sides=self._edges)] if self._edges else []
        return [kind for kind in kinds if kind.shape[1]]
