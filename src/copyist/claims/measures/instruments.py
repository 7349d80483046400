"""What an instrument must pass before it may judge, and the images on which it must fail."""

__all__ = ["mean_colored", "record_checks", "shuffled_patches", "upside_down"]

from collections.abc import Mapping

import torch

from copyist.checks import check_images
from copyist.claims.result import InstrumentCheck
from copyist.claims.trial import Trial
from copyist.errors import ShapeError
from copyist.tensors import Images

PATCHES = 4
"""Patches along each side of an image, for those in another order."""


def record_checks(checks: Mapping[str, InstrumentCheck], trial: Trial) -> None:
    """Put on record what instruments say of cases whose answer is known, so that parts may be measured by them."""
    for check in checks.values():
        trial.check(check)


def upside_down(x: Images) -> Images:
    """Images (B, C, H, W) with their rows in reverse order."""
    check_images(x)
    return x.flip(-2)


def mean_colored(x: Images) -> Images:
    """Images (B, C, H, W) of the mean of each channel of each image alone."""
    check_images(x)
    return x.mean((2, 3), keepdim=True).expand_as(x).clone()


def shuffled_patches(x: Images, *, generator: torch.Generator) -> Images:
    """Images of the same patches, 4 × 4 of them, each in an order of its own.

    Args:
        x: images (B, C, H, W), sides multiples of 4.
        generator: draws the orders.

    Raises:
        ShapeError: `x` is not (B, C, H, W), or a side is no multiple of 4.
    """
    check_images(x)
    count, channels, height, width = x.shape
    if height % PATCHES or width % PATCHES:
        raise ShapeError(f"image sides must be multiples of {PATCHES} for patches of equal size, got {height}x{width}")
    down, across = height // PATCHES, width // PATCHES
    parts = x.view(count, channels, PATCHES, down, PATCHES, across).permute(0, 2, 4, 1, 3, 5)
    parts = parts.reshape(count, PATCHES**2, -1)
    order = torch.rand(count, PATCHES**2, generator=generator, device=generator.device).argsort(1).to(x.device)
    parts = parts.gather(1, order[:, :, None].expand_as(parts))
    parts = parts.view(count, PATCHES, PATCHES, channels, down, across)
    return parts.permute(0, 3, 1, 4, 2, 5).reshape(x.shape)
