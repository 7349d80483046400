"""Convolutions whose answers are the same bits on every machine: of dyadic numbers, exact in float64."""

__all__ = ["ExactConv", "round_half_up", "rounded"]

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_WEIGHT_UNIT = 2.0**-12
"""Weights and biases are rounded to whole multiples of this."""

_ACTIVATION_UNIT = 2.0**-4
"""Activations are rounded to whole multiples of this."""

_LARGEST = 2.0**12
"""Largest magnitude of an activation: with it a sum of a million products is exact in the 53 bits of float64."""


def round_half_up(x: Tensor) -> Tensor:
    """The nearest whole number, halves up: one rule on every machine."""
    return (x + 0.5).floor()


def rounded(x: Tensor, *, unit: float = 1.0) -> Tensor:
    """`x` rounded to whole multiples of a unit, with the gradient of `x` itself."""
    return x + (round_half_up(x / unit) * unit - x).detach()


class ExactConv(nn.Module):
    """A 3×3 convolution whose outputs are rounded: (B, C, H, W) → (B, C', H, W).

    In training it is an ordinary convolution in float32. `exact` computes the same in float64 on the CPU from rounded
    weights: every product and every partial sum is a whole multiple of 2⁻¹⁶ and has at most 53 bits, so that the order
    of additions, threads and vector units change nothing.

    Args:
        inputs: C.
        outputs: C'.
        rectify: whether negative outputs become 0.
    """

    def __init__(self, inputs: int, outputs: int, *, rectify: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.rectify = rectify
        nn.init.normal_(self.weight, std=((2 if rectify else 1) / (9 * inputs)) ** 0.5)

    def forward(self, h: Tensor) -> Tensor:
        """The convolution as it is trained, in the precision at hand."""
        return rounded(self._bounded(F.conv2d(h, self.weight, self.bias, padding=1).float()), unit=_ACTIVATION_UNIT)

    @torch.no_grad()
    def exact(self, h: Tensor) -> Tensor:
        """The convolution of float64 maps (B, C, H, W) on the CPU, whose values are multiples of 2⁻⁴ below 2¹²."""
        batch, _, height, width = h.shape
        weight = _in_units(self.weight)
        # A plain matrix product, since fast algorithms for convolutions take other sums.
        columns = F.unfold(h, 3, padding=1)  # (B, 9·C, H·W)
        found = weight.flatten(1) @ columns + _in_units(self.bias)[:, None]
        found = self._bounded(found.view(batch, -1, height, width))
        return round_half_up(found / _ACTIVATION_UNIT) * _ACTIVATION_UNIT

    def _bounded(self, h: Tensor) -> Tensor:
        return h.clamp(0.0 if self.rectify else -_LARGEST, _LARGEST)


def _in_units(weight: Tensor) -> Tensor:
    return round_half_up(weight.detach().double().cpu() / _WEIGHT_UNIT) * _WEIGHT_UNIT
