"""A better code of one image: refined by gradient against what its file and its error cost, free for the decoder."""

__all__ = ["Refine", "refinement"]

import math
from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

from copyist.checks import check_whole
from copyist.models.contracts import Compressor, EntropyModel
from copyist.nn.discretized import gaussian_bits, scale_of
from copyist.nn.exact import round_half_up
from copyist.randomness import draw_uniform, generator
from copyist.tensors import Images

Refine: TypeAlias = Callable[[Images, Tensor, Tensor, int, tuple[int, ...]], Tensor]
"""Of an image (1, C, H, W), its code (1, M, h, w) and side information, a quality from 0, and how many rows and columns
of the image are seen: a better code, to be coded with this very side information."""

_RATE = 0.02
"""Learning rate, in steps of rounding."""

_HOTTEST, _COLDEST = 0.5, 0.02
"""Temperatures at the beginning and at the end."""


def refinement(model: Compressor, *, steps: int) -> Refine:
    """What refines codes by so many steps of stochastic Gumbel annealing.

    Each number of the code is rounded up or down at random, the nearer the likelier, by a differentiable sample that
    becomes harder as the temperature falls. λ is what the model itself pays: the slope of its own rate against its
    error at this image, between the qualities below and above.

    Args:
        model: whose codes are refined.
        steps: at least 1.

    Raises:
        ArgumentError: `steps` is no such number.

    Source:
        Yang, Bamler & Mandt (2020), "Improving Inference for Neural Image Compression", section 3.2.
    """
    check_whole("effort", steps, 1)

    def refine(x: Images, code: Tensor, side: Tensor, quality: int, visible: tuple[int, ...]) -> Tensor:
        law = model.entropy_model(side, size=(code.shape[2], code.shape[3]))
        mean, scale = law.mean.to(code), scale_of(law.scale.to(code))
        weight = _slope(model, x, quality)
        with torch.enable_grad():
            refined = code.detach().clone().requires_grad_()
            optimizer = torch.optim.Adam([refined], lr=_RATE)
            draws = generator(0, "refinement")
            for step in range(steps):
                temperature = _HOTTEST * (_COLDEST / _HOTTEST) ** (step / steps)
                rounded = _annealed(refined - mean, temperature, draws)
                errors = (model.synthesize(rounded + mean, quality=quality) - x)[:, :, : visible[0], : visible[1]]
                bits = gaussian_bits(rounded, scale=scale).sum() / (visible[0] * visible[1])
                loss = bits + weight * errors.square().mean()
                (refined.grad,) = torch.autograd.grad(loss, [refined])
                optimizer.step()
        return refined.detach()

    return refine


def _annealed(x: Tensor, temperature: float, draws: torch.Generator) -> Tensor:
    """Numbers between the whole ones below and above, near one of them at random."""
    low = x.detach().floor()
    share = (x - low).clamp(1e-4, 1 - 1e-4)
    # Logits fall as the distance to each of the two grows; their noise is Gumbel's, whose difference is logistic.
    logit = (torch.atanh(share) - torch.atanh(1 - share)) / temperature
    uniform = draw_uniform(x.shape, generator=draws, like=x).clamp(1e-6, 1 - 1e-6)
    return low + torch.sigmoid((logit + torch.logit(uniform)) / temperature)


@torch.no_grad()
def _slope(model: Compressor, x: Images, quality: int) -> float:
    """λ: bits per pixel that the model pays for one less of mean squared error, at this image and quality."""
    ends = [max(0, quality - 1), min(model.num_qualities - 1, quality + 1)]
    (low_rate, low_error), (high_rate, high_error) = (_rate_and_error(model, x, each) for each in ends)
    error = _rate_and_error(model, x, quality)[1]
    fall = math.log(max(low_error, 1e-12) / max(high_error, 1e-12))
    return max(0.0, (high_rate - low_rate) / max(fall, 1e-3)) / max(error, 1e-12)


def _rate_and_error(model: Compressor, x: Images, quality: int) -> tuple[float, float]:
    """Bits per pixel of the code, and the mean squared error, at a quality."""
    code = model.analyze(x, quality=quality)
    law: EntropyModel = model.entropy_model(model.side_information(code), size=(code.shape[2], code.shape[3]))
    integers = round_half_up(code.cpu() - law.mean)
    bits = float(gaussian_bits(integers, scale=scale_of(law.scale.double())).sum()) / x[0, 0].numel()
    x_hat = model.synthesize((integers + law.mean).to(code), quality=quality)
    return bits, float((x_hat.clamp(0, 1) - x).square().mean())
