"""Normalizations, and whose statistics they use."""

__all__ = ["STATISTICS", "Statistics", "normalization"]

from typing import Literal, TypeAlias, get_args

from torch import nn

Statistics: TypeAlias = Literal["batch", "image", "running", "group", "none"]
"""Over what the mean and variance of a feature map are taken.

batch    the batch at hand and all positions, in training and in use alike
image    all positions of one image: the same as `batch` with batches of one
running  the batch at hand in training, running averages of it in use
group    groups of maps and all positions of one image
none     nothing is normalized
"""

STATISTICS: tuple[str, ...] = get_args(Statistics)
"""Their names."""


def normalization(channels: int, statistics: Statistics) -> nn.Module:
    """A layer (B, C, H, W) → (B, C, H, W) that normalizes, then scales and shifts each map by learned numbers.

    Source:
        Ioffe & Szegedy (2015), algorithm 1, for `batch` and `running`; Ulyanov et al. (2016) for `image`;
        Wu & He (2018) for `group`, in 8 groups, or as many as divide `channels`.
    """
    match statistics:
        case "batch":
            return nn.BatchNorm2d(channels, track_running_stats=False)
        case "image":
            return nn.InstanceNorm2d(channels, affine=True)
        case "running":
            return nn.BatchNorm2d(channels)
        case "group":
            return nn.GroupNorm(max(groups for groups in range(1, 9) if channels % groups == 0), channels)
        case "none":
            return nn.Identity()
