"""The first four moments of maps, channel by channel: where they lie, how far they spread, how normal they are."""

__all__ = ["ChannelMoments", "channel_moments"]

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from copyist.errors import ArgumentError, ShapeError


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ChannelMoments:
    """Moments of each of C channels, over examples and positions, in float64."""

    mean: Tensor
    """(C,)."""

    std: Tensor
    """(C,), at least 0."""

    skewness: Tensor
    """(C,), E u³ of the standardized values u: 0 for a normal law, and for any that is symmetric."""

    kurtosis: Tensor
    """(C,), E u⁴ − 3: 0 for a normal law, −1.2 for a uniform one, and large where few values are far out."""

    def as_record(self) -> dict[str, list[float]]:
        """For the training record of a model file, to five digits."""
        return {
            name: [float(f"{value:.5g}") for value in getattr(self, name).tolist()]
            for name in ("mean", "std", "skewness", "kurtosis")
        }


@torch.no_grad()
def channel_moments(parts: Iterable[Tensor]) -> ChannelMoments:
    """Moments of maps that come in parts, which may be iterated twice.

    Mean and variance come from a first pass, and the standardized moments from a second, so that a mean far from 0
    costs no digits. A channel that is constant has skewness and kurtosis 0.

    Args:
        parts: maps (B, C, H, W), with the same C; a list, or whatever gives them anew when iterated again.

    Raises:
        ShapeError: a part is not (B, C, H, W).
        ArgumentError: there are no values, or one is not finite.
    """
    count, total = 0, torch.zeros(())
    for part in parts:
        if part.ndim != 4:
            raise ShapeError(f"maps must have shape (B, C, H, W), got {tuple(part.shape)}")
        count += part[:, 0].numel()
        total = total + part.double().sum((0, 2, 3))
    if not count or not total.isfinite().all():
        raise ArgumentError(f"moments need finite values, got {'others' if count else 'none'}")
    mean = total / count
    powers = torch.zeros(3, len(mean), dtype=torch.float64)
    for part in parts:
        u = part.double() - mean[:, None, None]
        square = u.square()
        powers = powers + torch.stack([each.sum((0, 2, 3)) for each in (square, square * u, square.square())]).cpu()
    variance, third, fourth = powers.to(mean.device) / count
    safe = torch.where(variance > 0, variance, 1)
    return ChannelMoments(
        mean=mean,
        std=variance.sqrt(),
        skewness=third / safe**1.5,
        kurtosis=torch.where(variance > 0, fourth / safe**2 - 3, 0),
    )
