"""How far the code of each place of an image is from the codes of places of normal images."""

__all__ = ["LocalCodeDistance"]

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor
from torch.nn import functional as F

from copyist.checks import check_at_least, check_positive, check_whole, check_within
from copyist.corruption import gaussian_blur
from copyist.detection.copies import Copies
from copyist.detection.measures.contract import AnomalyMeasure, Statistics
from copyist.detection.measures.heat import Heat, hottest, in_units, usual_heat
from copyist.errors import ArgumentError, ContractError
from copyist.metrics.neighbor_distances import check_neighbors, neighbor_distances, neighbor_rank
from copyist.models.contracts import Model
from copyist.randomness import generator
from copyist.tensors import PerImage

_COLORS = 0.3
"""How much the colors of a place count beside a layer."""

_IMAGES = 500
"""Training images whose places are looked at, spread evenly over all of them."""

_LEAST = 1e-6
"""A map with less than this standard deviation, over all normal places, tells nothing."""


@final
@dataclass(frozen=True, kw_only=True)
class LocalCodeDistance(AnomalyMeasure):
    """The distance of the code of a place to its k-th nearest among codes of places in the training images.

    A place is a cell of so many pixels along a side. Its code is what the model's layers say there, averaged over the
    cell and those around it, and mean and standard deviation of the colors of the cell; layers count alike,
    the colors three tenths as much, and each map in standard deviations over the training images. The colors are there
    for what a net that normalizes cannot tell, as images of another contrast; on tiles that are lit differently they
    would mislead if they counted for more. The heat at several k is averaged, each in units of what is usual there.

    Source:
        Roth et al. (2022), "Towards Total Recall in Industrial Anomaly Detection", section 3, with the model's own
        layers in place of a pretrained net, and with a random choice of the codes that are kept.
    """

    layers: tuple[str, ...]
    """Names of layers of the model with maps (B, C', H', W'), as `copyist layers` lists them."""

    cell: int = 4
    """Pixels along a side of a place, in the images that the model sees."""

    neighbors: tuple[float, ...] = (0.02, 0.1)
    """The k; below 1, the share of the codes that are kept."""

    most: int = 3000
    """Codes that are kept."""

    share: float = 0.003
    """Of the pixels, the hottest ones that make up the anomaly."""

    def __post_init__(self) -> None:
        if not self.layers or not self.neighbors:
            raise ArgumentError("a distance of local codes must have at least one layer and one size of neighborhood")
        for neighbors in self.neighbors:
            check_neighbors(neighbors)
        check_whole("cell", self.cell, 1)
        check_at_least("most", self.most, 1)
        check_positive("share", self.share)
        check_within("share", self.share, 0, 1)

    def fit(self, train: Copies, held_out: Copies) -> Statistics:
        """Codes of places in the training images, their units, and what is usual at each place of held-out images."""
        count = min(len(train.x), _IMAGES)
        some = Copies(train.model, train.x[torch.arange(count) * len(train.x) // count], batch_size=train.batch_size)
        maps = torch.cat([self._maps(part) for part in some.in_parts()])  # (N, C, h, w)
        mean, std = maps.mean((0, 2, 3)), maps.std((0, 2, 3), correction=0)
        unit = torch.where(std > _LEAST, std, 1) * self._weights(train).to(std)
        codes = _rows((maps - mean[:, None, None]) / unit[:, None, None])
        kept = torch.randperm(len(codes), generator=generator(0, "local codes"))[: self.most].to(codes.device)
        found: dict[str, Tensor] = {"mean": mean, "unit": unit, "codes": codes[kept]}
        heats = [self._heats(part, found) for part in held_out.in_parts()]
        found["usual"] = torch.stack([usual_heat(torch.cat(each)) for each in zip(*heats, strict=True)])
        return found

    def __call__(self, copies: Copies, statistics: Statistics) -> PerImage:
        return hottest(self.parts(copies, statistics), share=self.share)

    def parts(self, copies: Copies, statistics: Statistics) -> Heat:
        heats = copies.remember(self, lambda: self._heats(copies, statistics), of=statistics["codes"])
        usual = statistics["usual"].to(copies.x)
        return torch.stack([in_units(heat, each) for heat, each in zip(heats, usual, strict=True)]).mean(0)

    def check_model(self, model: Model) -> None:
        if model.num_columns is not None:
            raise ContractError("distances of local codes need images, and the model takes tables; take code-distance")

    def _maps(self, copies: Copies) -> Tensor:
        """What is said of each place, (B, C, h, w): the colors and their spread, then the layers' maps."""
        height, width = (max(1, side // self.cell) for side in copies.x.shape[2:])
        size = (height, width)
        color = F.adaptive_avg_pool2d(copies.x, size)
        variance = F.adaptive_avg_pool2d(copies.x.square(), size) - color.square()
        said = [color, variance.clamp_min(0).sqrt()]
        for h in copies.layers(self.layers):
            around = F.avg_pool2d(h, 3, stride=1, padding=1, count_include_pad=False)
            if around.shape[2] < size[0] or around.shape[3] < size[1]:
                said.append(F.interpolate(around, size, mode="bilinear", align_corners=False))
            else:
                said.append(F.adaptive_avg_pool2d(around, size))
        return torch.cat(said, 1)

    def _weights(self, copies: Copies) -> Tensor:
        """What each map is divided by, (C,), so that the layers count alike."""
        colors = 2 * copies.x.shape[1]
        first = Copies(copies.model, copies.x[:1], batch_size=copies.batch_size).layers(self.layers)
        counts = torch.tensor([colors, *(h.shape[1] for h in first)])
        weights = counts.repeat_interleave(counts).sqrt()
        weights[:colors] /= _COLORS
        return weights

    def _heats(self, copies: Copies, statistics: Statistics) -> list[Heat]:
        maps, references = self._maps(copies), statistics["codes"].to(copies.x)
        mean, unit = (statistics[name].to(maps)[:, None, None] for name in ("mean", "unit"))
        ranks = [neighbor_rank(neighbors, num_references=len(references)) for neighbors in self.neighbors]
        distances = neighbor_distances(_rows((maps - mean) / unit), references, ranks=ranks, exact=False)
        cells = distances.reshape(maps.shape[0], *maps.shape[2:], len(ranks)).permute(3, 0, 1, 2)  # (K, B, h, w)
        heat = F.interpolate(cells, [int(side) for side in copies.x.shape[2:]], mode="bilinear", align_corners=False)
        return list(gaussian_blur(heat.transpose(0, 1), sigma=self.cell / 3).unbind(1))


def _rows(maps: Tensor) -> Tensor:
    """(B, C, h, w) as one code (C,) for each place, (B·h·w, C)."""
    return maps.permute(0, 2, 3, 1).flatten(0, 2)
