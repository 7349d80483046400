"""A better code of one image: its integers moved to where its file and its error cost least, free for the decoder."""

__all__ = ["Refine", "refinement"]

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, final

import torch
from torch import Tensor

from copyist.checks import check_whole
from copyist.models.contracts import Compressor
from copyist.nn.exact import round_half_up
from copyist.nn.frequencies import TOTAL
from copyist.randomness import draw_uniform, generator
from copyist.tensors import Images

Refine: TypeAlias = Callable[[Images, Tensor, Tensor, int, tuple[int, ...]], Tensor]
"""Of an image (1, C, H, W), its code (1, M, h, w) and side information, a quality from 0, and how many rows and columns
of the image are seen: a better code, to be coded with this very side information."""

_ACCEPTED = 0.7
"""Share of the moves that seem worth it that are made in a step: all at once would undo one another."""

_ESCAPE = 16.0
"""Bits of an integer beyond its table, about."""


def refinement(model: Compressor, *, steps: int) -> Refine:
    """What refines codes by so many steps, each as long as a pass through the synthesis and its gradient.

    In each step every integer may move by one. What that costs is known: bits by the very tables, error to second
    order, by its gradient and the curvature of each map of the code. Of the moves that lower J = R + λ·D most are made.
    λ is what the model itself pays: the slope of its rate against its error at this image, between the qualities below
    and above. The best code met is kept, so that more steps never cost more.

    Args:
        model: whose codes are refined.
        steps: at least 1.

    Raises:
        ArgumentError: `steps` is no such number.

    Source:
        Yang, Bamler & Mandt (2020), "Improving Inference for Neural Image Compression", for refining codes alone;
        Ramchandran & Vetterli (1994), "Rate-Distortion Optimal Fast Thresholding", for moving single integers.
    """
    check_whole("effort", steps, 1)
    costs = _Costs.of(model)
    curvatures: dict[int, Tensor] = {}

    def refine(x: Images, code: Tensor, side: Tensor, quality: int, visible: tuple[int, ...]) -> Tensor:
        law = model.entropy_model(side, quality=quality, size=(code.shape[2], code.shape[3]))
        mean, scale = law.mean.to(code), law.scale.to(code.device)
        weight = _slope(model, costs, x, quality)
        if quality not in curvatures:
            curvatures[quality] = _curvature(model, code, quality)
        curvature = weight * curvatures[quality]
        draws = generator(0, "refinement")
        integers = best = round_half_up(code - mean)
        least = math.inf
        for _ in range(steps + 1):
            total, gradient = _errors(model, x, integers + mean, quality, visible)
            now = costs.bits(integers, scale)
            if (cost := float(now.sum() + weight * total)) < least:
                best, least = integers, cost
            change = torch.full_like(code, math.inf)
            move = torch.zeros_like(code)
            for step in (-1.0, 1.0):
                found = costs.bits(integers + step, scale) - now + weight * gradient * step + curvature
                move = torch.where(found < change, step, move)
                change = torch.minimum(found, change)
            made = (change < 0) & (draw_uniform(code.shape, generator=draws, like=code) < _ACCEPTED)
            integers = torch.where(made, integers + move, integers)
        return best + mean

    return refine


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _Costs:
    """Bits of every integer under every table."""

    table: Tensor
    """One after the other, the last of each for what lies beyond it."""

    starts: Tensor
    reaches: Tensor

    @classmethod
    def of(cls, model: Compressor) -> "_Costs":
        tables = model.tables.code
        sizes = torch.tensor([len(table) for table in tables])
        bits = torch.cat([-(table.double() / TOTAL).log2() for table in tables])
        ends = sizes.cumsum(0)
        bits[ends - 1] += _ESCAPE
        return cls(table=bits.float(), starts=ends - sizes, reaches=(sizes - 2) // 2)

    def bits(self, integers: Tensor, scale: Tensor) -> Tensor:
        """Of integers under the tables of their scales, of the same shape."""
        device = integers.device
        reach = self.reaches.to(device)[scale]
        places = torch.where(integers.abs() <= reach, integers.long() + reach, 2 * reach + 1)
        return self.table.to(device)[self.starts.to(device)[scale] + places]


def _errors(model: Compressor, x: Images, code: Tensor, quality: int, visible: tuple[int, ...]) -> tuple[float, Tensor]:
    """The sum of squared errors of the pixels that are seen, and its gradient by the code."""
    with torch.enable_grad():
        leaf = code.detach().clone().requires_grad_()
        errors = (model.synthesize(leaf, quality=quality) - x)[:, :, : visible[0], : visible[1]]
        total = errors.square().sum()
        (gradient,) = torch.autograd.grad(total, [leaf])
    return float(total), gradient


def _curvature(model: Compressor, code: Tensor, quality: int) -> Tensor:
    """Of each map of the code, the sum of squares that a change of 1 at one position makes, (M, 1, 1)."""
    reach = 1  # Farther away the correction of a linear synthesis changes next to nothing.
    around = torch.zeros(code.shape[1] + 1, code.shape[1], 2 * reach + 1, 2 * reach + 1).to(code)
    maps = torch.arange(code.shape[1])
    around[maps, maps, reach, reach] = 1
    copies = model.synthesize(around, quality=quality)
    return (copies[:-1] - copies[-1:]).square().sum((1, 2, 3))[:, None, None]


def _slope(model: Compressor, costs: _Costs, x: Images, quality: int) -> float:
    """λ: bits that the model pays for one less of squared error, summed over pixels, at this image and quality."""
    ends = [max(0, quality - 1), min(model.num_qualities - 1, quality + 1)]
    (low_rate, low_error), (high_rate, high_error) = (_rate_and_error(model, costs, x, each) for each in ends)
    error = _rate_and_error(model, costs, x, quality)[1]
    fall = math.log(max(low_error, 1e-12) / max(high_error, 1e-12))
    return max(0.0, (high_rate - low_rate) / max(fall, 1e-3)) / max(error, 1e-12)


def _rate_and_error(model: Compressor, costs: _Costs, x: Images, quality: int) -> tuple[float, float]:
    """Bits of the code, and the sum of squared errors, at a quality."""
    code = model.analyze(x, quality=quality)
    side = model.side_information(code, quality=quality)
    law = model.entropy_model(side, quality=quality, size=(code.shape[2], code.shape[3]))
    integers = round_half_up(code - law.mean.to(code))
    x_hat = model.synthesize(integers + law.mean.to(code), quality=quality)
    bits = costs.bits(integers, law.scale.to(code.device)).sum()
    return float(bits), float((x_hat.clamp(0, 1) - x).square().sum())
