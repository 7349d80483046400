"""Convolutions whose answers are the same bits on every machine: of dyadic numbers, exact in float64.

Where all factors are whole multiples of powers of two, and every sum of their products fits into the 53 bits of
float64, no sum is rounded: the order of additions, threads and vector units change nothing. Between convolutions
numbers are rounded to a unit and bounded, so that this goes on. Plain matrix products are taken, since fast algorithms
for convolutions take other sums.

Source:
    Ballé et al. (2019), "Integer Networks for Data Compression".
"""

__all__ = ["ExactConv", "exact_conv", "exact_transposed", "in_units", "round_half_up", "rounded"]

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_WEIGHT_UNIT = 2.0**-12
"""Weights and biases of an `ExactConv` are rounded to whole multiples of this."""

_ACTIVATION_UNIT = 2.0**-4
"""Activations of an `ExactConv` are rounded to whole multiples of this."""

_LARGEST = 2.0**12
"""Largest magnitude of an activation: with it a sum of a million products is exact in the 53 bits of float64."""


def round_half_up(x: Tensor) -> Tensor:
    """The nearest whole number, halves up: one rule on every machine."""
    return (x + 0.5).floor()


def rounded(x: Tensor, *, unit: float = 1.0) -> Tensor:
    """`x` rounded to whole multiples of a unit, with the gradient of `x` itself."""
    return x + (round_half_up(x / unit) * unit - x).detach()


def in_units(x: Tensor, unit: float, *, largest: float) -> Tensor:
    """`x` in float64 on the CPU, rounded to whole multiples of a power of two and bounded."""
    return (round_half_up(x.detach().double().cpu() / unit) * unit).clamp(-largest, largest)


def exact_conv(h: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The 3×3 convolution of (B, C, H, W) with zeros around, (B, C', H, W), as one matrix product."""
    batch, _, height, width = h.shape
    columns = F.unfold(h, 3, padding=1)  # (B, 9·C, H·W)
    return (weight.flatten(1) @ columns + bias[:, None]).view(batch, -1, height, width)


def exact_transposed(h: Tensor, weight: Tensor, *, stride: int, padding: int = 0, bias: Tensor | None = None) -> Tensor:
    """The transposed convolution of (B, C, H, W), as one matrix product and sums: (B, C', H', W').

    Args:
        h: maps.
        weight: (C, C', k, k), as `nn.ConvTranspose2d` has it.
        stride: s.
        padding: p, so that H' = (H − 1)·s − 2·p + k.
        bias: (C',).
    """
    side = weight.shape[-1]
    height, width = ((length - 1) * stride - 2 * padding + side for length in h.shape[2:])
    columns = weight.flatten(1).T @ h.flatten(2)  # (B, C'·k·k, H·W)
    found = F.fold(columns, (height, width), side, padding=padding, stride=stride)
    return found if bias is None else found + bias[:, None, None]


class ExactConv(nn.Module):
    """A 3×3 convolution whose outputs are rounded: (B, C, H, W) → (B, C', H, W).

    In training it is an ordinary convolution in the precision at hand. `exact` computes the same in float64 on the CPU
    from rounded weights: every product and every partial sum is a whole multiple of 2⁻¹⁶ and has at most 53 bits.

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
        weight, bias = (in_units(each, _WEIGHT_UNIT, largest=_LARGEST) for each in (self.weight, self.bias))
        return round_half_up(self._bounded(exact_conv(h, weight, bias)) / _ACTIVATION_UNIT) * _ACTIVATION_UNIT

    def _bounded(self, h: Tensor) -> Tensor:
        return h.clamp(0.0 if self.rectify else -_LARGEST, _LARGEST)
