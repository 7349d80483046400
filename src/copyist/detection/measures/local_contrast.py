"""How far the contrasts at each place of an image are from those of the same place in normal images."""

__all__ = ["LocalContrast"]

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias, final

import torch
from torch import Tensor
from torch.nn import functional as F

from copyist.checks import check_positive, check_whole, check_within
from copyist.corruption import gaussian_blur
from copyist.detection.copies import Copies
from copyist.detection.measures.contract import AnomalyMeasure, Statistics
from copyist.detection.measures.contrasts import contrasts, log_brightness, textures
from copyist.detection.measures.heat import Heat, hottest
from copyist.errors import ArgumentError, ContractError
from copyist.models.contracts import Model
from copyist.settings import later
from copyist.tensors import PerImage

_REACHES = (1 / 64, 1 / 32, 1 / 8, 1.0)
"""Standard deviations, in shares of the longer side, of the neighborhoods over which places may share their statistics;
with the last one all places do."""

_SHRINKAGE = 0.1
"""Of a contrast's variance, what is added to it: so many places have so few images each."""

_NAMES = ("mean", "whitening", "usual")

_LEAST = 1e-6
"""Added to all variances, in squared units of a contrast, for places that are equal in all images."""

Normal: TypeAlias = tuple[Tensor, Tensor]
"""Mean (C, h, w) and whitening matrix (h, w, C, C) of the contrasts at each place."""

Moments: TypeAlias = tuple[Tensor, Tensor, Tensor]
"""Mean (C, h, w) and mean products (C·C, h, w) of the contrasts at each place, after one number for each, (C,), was
taken off them, which comes last."""


@final
@dataclass(frozen=True, kw_only=True)
class LocalContrast(AnomalyMeasure):
    """Mahalanobis' distance of the contrasts at a place to those of the place in normal images, at several scales.

    The contrasts are those of `contrasts`: derivatives of the logarithm of the brightness, so that twice the light has
    the same ones. They are of the image itself, and the model has no part in them. Over which neighborhood of places
    mean and covariance are taken together is chosen at each scale for the likelihood of held-out images: parts that all
    lie alike have statistics at each place, textures have the same ones everywhere.

    Source:
        Defard et al. (2021), "PaDiM", section III, for one Gaussian for each place; with derivatives at several scales
        in place of a pretrained net.
    """

    scales: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
    """Standard deviations of the Gaussians whose derivatives are taken, in pixels of the images that the model sees."""

    cell: int = 2
    """Pixels along a side of a place."""

    share: float = 0.003
    """Of the pixels, the hottest ones that make up the anomaly."""

    with_textures: bool = later(False)
    """Whether `textures` count among the contrasts."""

    neighborhoods: tuple[float, ...] = later(())
    """Standard deviations, in shares of the longer side, of the neighborhoods over which heat is averaged in `parts`,
    beside that of each place alone: defects that are larger than what is strange in them are then found whole. The
    anomaly of an image is of places alone."""

    def __post_init__(self) -> None:
        if not self.scales:
            raise ArgumentError("a distance of local contrasts must have at least one scale, got none")
        for scale in self.scales:
            check_positive("scales", scale)
        for share in self.neighborhoods:
            check_positive("neighborhoods", share)
            check_within("neighborhoods", share, 0, 1)
        check_whole("cell", self.cell, 1)
        check_positive("share", self.share)
        check_within("share", self.share, 0, 1)

    @property
    def uses_model(self) -> bool:
        return False

    def fit(self, train: Copies, held_out: Copies) -> Statistics:
        """Of each scale, mean and covariance of the contrasts at each place, and the mean distance in others."""
        found: dict[str, Tensor] = {}
        for place, scale in enumerate(self.scales):
            moments = _moments(self._contrasts(part, scale) for part in train.in_parts())
            others = torch.cat([self._contrasts(part, scale) for part in held_out.in_parts()])
            candidates = [_normal(moments, reach=reach) for reach in _REACHES]
            mean, whitening = max(candidates, key=lambda normal: _log_likelihood(others, normal))
            found |= {f"{place}.mean": mean, f"{place}.whitening": whitening}
            usual = _distances(others, (mean, whitening)).mean()
            found[f"{place}.usual"] = usual.clamp_min(torch.finfo(usual.dtype).tiny ** 0.5)
        return found

    def __call__(self, copies: Copies, statistics: Statistics) -> PerImage:
        return hottest(_stretched(self._heat_of(copies, statistics), copies), share=self.share)

    def parts(self, copies: Copies, statistics: Statistics) -> Heat:
        heat = self._heat_of(copies, statistics)
        side = max(heat.shape[1:])
        around = [gaussian_blur(heat[:, None], sigma=share * side)[:, 0] for share in self.neighborhoods]
        return _stretched(torch.stack([heat, *around]).mean(0), copies)

    def _heat_of(self, copies: Copies, statistics: Statistics) -> Heat:
        """(B, h, w), of each place."""
        return copies.remember(self, lambda: self._heat(copies, statistics), of=statistics["0.mean"])

    def check_model(self, model: Model) -> None:
        if model.num_columns is not None:
            raise ContractError("local contrasts need images, and the model takes tables; take reconstruction-error")

    def _heat(self, copies: Copies, statistics: Statistics) -> Heat:
        distances = list[Tensor]()
        for place, scale in enumerate(self.scales):
            mean, whitening, usual = (statistics[f"{place}.{name}"].to(copies.x) for name in _NAMES)
            distances.append(_distances(self._contrasts(copies, scale), (mean, whitening)) / usual)
        return torch.stack(distances).mean(0)

    def _contrasts(self, copies: Copies, scale: float) -> Tensor:
        """(B, C, h, w)."""
        log_x = log_brightness(copies.x)
        found = contrasts(log_x, scale=scale, cell=self.cell)
        return torch.cat([found, textures(log_x, scale=scale, cell=self.cell)], 1) if self.with_textures else found


def _stretched(heat: Heat, copies: Copies) -> Heat:
    """Heat of places (B, h, w) at the size of the images."""
    size = [int(side) for side in copies.x.shape[2:]]
    return F.interpolate(heat[:, None], size, mode="bilinear", align_corners=False)[:, 0]


def _moments(parts: Iterable[Tensor]) -> Moments:
    """Of contrasts (B, C, h, w) that come in parts, which are many of a large set."""
    center, count = None, 0
    total = products = torch.zeros((), dtype=torch.float64)
    for own in parts:
        center = own.mean((0, 2, 3)) if center is None else center
        rest = (own - center[:, None, None]).double()
        total = total.to(rest) + rest.sum(0)
        products = products.to(rest) + torch.einsum("nchw,ndhw->cdhw", rest, rest).flatten(0, 1)
        count += len(own)
    assert center is not None
    return total / count, products / count, center


def _normal(moments: Moments, *, reach: float) -> Normal:
    """Mean and whitening over the neighborhood of each place; the last reach has all places together."""
    mean, products, center = moments
    channels = len(mean)
    if reach >= 1:
        mean, products = (each.mean((1, 2), keepdim=True).expand_as(each) for each in (mean, products))
    else:
        sigma = reach * max(mean.shape[1:])
        mean, products = (gaussian_blur(each[None], sigma=sigma)[0] for each in (mean, products))
    covariance = products.unflatten(0, (channels, channels)) - mean[:, None] * mean[None]
    covariance = covariance.permute(2, 3, 0, 1)  # (h, w, C, C)
    variance = covariance.diagonal(dim1=2, dim2=3).clamp_min(0)
    factor = torch.linalg.cholesky(covariance + torch.diag_embed(_SHRINKAGE * variance + _LEAST))
    whitening = torch.linalg.solve_triangular(factor, torch.eye(channels).to(factor), upper=False)
    return (mean + center[:, None, None]).float(), whitening.float()


def _distances(found: Tensor, normal: Normal) -> Tensor:
    """Of contrasts (B, C, h, w), (B, h, w)."""
    mean, whitening = normal
    if found.shape[2:] != mean.shape[1:]:  # Images of another size than those it was fitted on.
        size = [int(side) for side in found.shape[2:]]
        flat = whitening.permute(2, 3, 0, 1).flatten(0, 1)
        stretched = F.interpolate(torch.cat([mean, flat])[None], size, mode="nearest")[0]
        mean, whitening = (
            stretched[: len(mean)],
            stretched[len(mean) :].unflatten(0, (len(mean), -1)).permute(2, 3, 0, 1),
        )
    return torch.einsum("hwcd,bdhw->bchw", whitening, found - mean).norm(dim=1)


def _log_likelihood(found: Tensor, normal: Normal) -> float:
    """The mean over places, but for a constant."""
    volume = normal[1].diagonal(dim1=2, dim2=3).log().sum(2).mean()
    return float(volume - _distances(found, normal).square().mean() / 2)
