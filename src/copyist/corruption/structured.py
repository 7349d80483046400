"""Structured damage: regions of an image that are stained, painted over, replaced, blurred or lit otherwise."""

__all__ = ["Structured"]

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, final

import torch
from torch import Tensor
from torch.nn import functional as F

from copyist.checks import check_images, check_whole, check_within
from copyist.corruption.contract import Corruption
from copyist.corruption.regions import draw_regions, smooth_fields
from copyist.devices import apply_to_whole
from copyist.errors import ShapeError
from copyist.randomness import draw_normal, draw_uniform
from copyist.tensors import Images

LEAST_SIDE = 8
"""Pixels along a side, below which a region of an image is no structure."""

Damage: TypeAlias = Callable[[Images, Images, torch.Generator], Images]
"""From images, and the batch that patches are taken of, to the same images damaged everywhere."""


@final
@dataclass(frozen=True)
class Structured(Corruption):
    """Regions of an image are damaged one after the other; what lies outside of them stays bit for bit.

    A region is a blob, a streak or a rectangle. In it the image is stained (something is added), painted over, replaced
    by a patch from elsewhere in itself or in another image of the batch, blurred, or made brighter or darker.
    A model that undoes this must know what normal images look like there.

    Source:
        Bauer & Müller (2024), "Self-Supervised Training with Autoencoders for Visual Anomaly Detection", section 4, and
        Zavrtanik et al. (2021), "DRAEM", section 3.3, for damage that is taught from normal images alone; the kinds of
        damage here are our own.
    """

    most: int = 3
    """Regions of one image, of which there are from 1 to so many."""

    share: float = 0.9
    """Probability that an image is damaged at all, in [0, 1]."""

    def __post_init__(self) -> None:
        check_whole("most", self.most, 1)
        check_within("share", self.share, 0, 1)

    def __call__(self, x: Images, *, generator: torch.Generator) -> Images:
        # How much is drawn depends on the other images, and patches are taken of them.
        return apply_to_whole(lambda whole, draws: self.damage(whole, generator=draws)[0], x, generator)

    def damage(self, x: Images, *, generator: torch.Generator) -> tuple[Images, Tensor]:
        """Damaged copies of `x` (B, C, H, W), and how far each pixel was in a region, (B, 1, H, W) in [0, 1].

        Raises:
            ShapeError: `x` is not (B, C, H, W), or has a side of less than 8 pixels.
        """
        check_images(x)
        if min(x.shape[2:]) < LEAST_SIDE:
            raise ShapeError(
                f"structured damage must be given images of at least {LEAST_SIDE} pixels along a side, "
                f"got {x.shape[2]}x{x.shape[3]}; corrupt them by noise"
            )
        device = generator.device
        counts = torch.randint(1, self.most + 1, (len(x),), generator=generator, device=device)
        counts = (counts * (torch.rand(len(x), generator=generator, device=device) < self.share)).to(x.device)
        x_tilde, touched = x.clone(), x.new_zeros(len(x), 1, *x.shape[2:])
        for number in range(self.most):
            rows = counts > number
            if bool(rows.any()):
                region = draw_regions(int(rows.sum()), (x.shape[2], x.shape[3]), generator=generator, like=x)
                clean = x_tilde[rows]
                damaged = _one_of_each(clean, x, generator)
                x_tilde[rows] = torch.where(region > 0, torch.lerp(clean, damaged, region), clean)
                touched[rows] = torch.maximum(touched[rows], region)
        return x_tilde, touched


def _one_of_each(x: Images, batch: Images, generator: torch.Generator) -> Images:
    """The images, each damaged everywhere in one way."""
    chosen = torch.randint(len(_DAMAGES), (len(x),), generator=generator, device=generator.device).tolist()
    damaged = x.clone()
    for index, damage in enumerate(_DAMAGES):
        rows = [row for row, choice in enumerate(chosen) if choice == index]
        if rows:
            damaged[rows] = damage(x[rows], batch, generator)
    return damaged


def _stain(x: Images, batch: Images, generator: torch.Generator) -> Images:
    """Add a shade, darker more often than brighter, in one color or in gray."""
    shade = _signs(x, generator) * _between(0.04, 0.4, x, generator)
    color = draw_uniform((*x.shape[:2], 1, 1), generator=generator, like=x)
    gray = draw_uniform((len(x), 1, 1, 1), generator=generator, like=x) < 0.5
    uneven = 1 + 0.3 * smooth_fields(len(x), (x.shape[2], x.shape[3]), generator=generator, like=x)[:, None]
    return x + shade * torch.where(gray, torch.ones_like(color), color) * uneven


def _paint(x: Images, batch: Images, generator: torch.Generator) -> Images:
    """Cover by a color or a gray, grained, and more or less opaque."""
    color = draw_uniform((*x.shape[:2], 1, 1), generator=generator, like=x)
    gray = draw_uniform((len(x), 1, 1, 1), generator=generator, like=x) < 0.5
    color = torch.where(gray, color[:, :1], color)
    opacity = 0.3 + 0.7 * draw_uniform((len(x), 1, 1, 1), generator=generator, like=x)
    grain = 0.1 * draw_uniform((len(x), 1, 1, 1), generator=generator, like=x)
    return torch.lerp(x, color + grain * draw_normal((len(x), 1, *x.shape[2:]), generator=generator, like=x), opacity)


def _shift(x: Images, batch: Images, generator: torch.Generator) -> Images:
    """Take what lies elsewhere in the same image."""
    return _rolled(x, generator)


def _paste(x: Images, batch: Images, generator: torch.Generator) -> Images:
    """Take what lies elsewhere in an image of the batch."""
    others = torch.randint(len(batch), (len(x),), generator=generator, device=generator.device)
    return _rolled(batch[others.to(batch.device)], generator)


def _blur(x: Images, batch: Images, generator: torch.Generator) -> Images:
    """Average over cells of 3 to 8 pixels, interpolated."""
    cell = int(torch.randint(3, 9, (), generator=generator, device=generator.device))
    cells = F.avg_pool2d(x, cell, ceil_mode=True)
    return F.interpolate(cells, x.shape[2:], mode="bilinear", align_corners=False)


def _light(x: Images, batch: Images, generator: torch.Generator) -> Images:
    """Multiply, to less than the image more often than to more."""
    return x * torch.exp(
        _signs(x, generator) * (0.15 + 0.65 * draw_uniform((len(x), 1, 1, 1), generator=generator, like=x))
    )


_DAMAGES: tuple[Damage, ...] = (_stain, _paint, _shift, _paste, _blur, _light)


def _rolled(x: Images, generator: torch.Generator) -> Images:
    """Each image shifted around by a step of its own."""
    for axis in (2, 3):
        side = x.shape[axis]
        steps = torch.randint(side, (len(x), 1), generator=generator, device=generator.device).to(x.device)
        places = (torch.arange(side, device=x.device) + steps) % side  # (B, side)
        shape = [len(x), 1, 1, 1]
        shape[axis] = side
        x = x.gather(axis, places.view(shape).expand_as(x))
    return x


def _signs(x: Images, generator: torch.Generator) -> Tensor:
    """(B, 1, 1, 1), −1 for 60 % of the images and 1 for the others."""
    darker = draw_uniform((len(x), 1, 1, 1), generator=generator, like=x) < 0.6
    return torch.where(darker, -1.0, 1.0).to(x)


def _between(low: float, high: float, x: Images, generator: torch.Generator) -> Tensor:
    """(B, 1, 1, 1), drawn such that the logarithm is uniform."""
    return low * (high / low) ** draw_uniform((len(x), 1, 1, 1), generator=generator, like=x)
