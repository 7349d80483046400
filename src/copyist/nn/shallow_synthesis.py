"""The synthesis of a shallow codec: a linear transform of patches and a small correction of it, also exactly."""

__all__ = ["ShallowSynthesis"]

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from copyist.nn.exact import exact_conv, exact_transposed, in_units
from copyist.nn.patchwise import overlapping_patches

_WITHIN = 1 / 32
"""The correction sees the code in units of this many gray levels."""

_LINEAR_UNIT, _LINEAR_LARGEST = 2.0**-18, 4.0
"""Of the weights of the linear transform. With a code of 20 bits, sums of 2¹² products have at most 52 bits."""

_CODE_UNIT, _CODE_LARGEST = 2.0**-5, 2.0**14
"""Of the code, in gray levels."""

_UNIT, _LARGEST = 2.0**-14, 8.0
"""Of the weights of the correction."""

_ACTIVATION_UNIT, _ACTIVATION_LARGEST = 2.0**-8, 2.0**12
"""Of its maps: with 20 bits, and weights of 17, sums of 2¹⁵ products have at most 52 bits."""


class ShallowSynthesis(nn.Module):
    """The correction of a linear synthesis: codes (B, M, h, w) to images (B, C, p·h, p·w), in gray levels.

    Args:
        codes: M.
        width: maps at twice the resolution of the code.
        channels: C.
        patch: p, pixels of a patch along each side.
    """

    def __init__(self, codes: int, width: int, channels: int, *, patch: int) -> None:
        super().__init__()
        self.widen = nn.ConvTranspose2d(codes, width, 4, stride=2, padding=1)
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.output = nn.ConvTranspose2d(width, channels, patch, stride=patch // 2, padding=patch // 4)
        self._patch = patch
        nn.init.normal_(self.output.weight, std=0.1 / math.sqrt(width))

    def forward(self, z: Tensor) -> Tensor:
        h = F.relu(self.widen(z * _WITHIN))
        h = h + self.second(F.relu(self.first(h)))
        return overlapping_patches(F.relu(h), self.output.weight, self.output.bias)

    @torch.no_grad()
    def exact(self, z: Tensor, *, linear: Tensor) -> Tensor:
        """The linear synthesis and its correction, the same bits on every machine: float64 on the CPU, in gray levels.

        Args:
            z: the code in gray levels, (B, M, h, w), float64.
            linear: (M, C, p, p), the weights of the linear transform.
        """
        z = in_units(z, _CODE_UNIT, largest=_CODE_LARGEST)
        basis = in_units(linear, _LINEAR_UNIT, largest=_LINEAR_LARGEST)
        found = exact_transposed(z, basis, stride=self._patch)
        bias = [in_units(layer.bias, 2.0**-16, largest=_LARGEST) for layer in self._layers if layer.bias is not None]
        weight = [in_units(layer.weight, _UNIT, largest=_LARGEST) for layer in self._layers]
        h = _bounded(exact_transposed(_bounded(z * _WITHIN), weight[0], stride=2, padding=1, bias=bias[0]).relu())
        first = _bounded(exact_conv(h, weight[1], bias[1]).relu())
        h = _bounded((h + exact_conv(first, weight[2], bias[2])).relu())
        stride = self._patch // 2
        return found + exact_transposed(h, weight[3], stride=stride, padding=stride // 2, bias=bias[3])

    @property
    def _layers(self) -> tuple[nn.Conv2d | nn.ConvTranspose2d, ...]:
        return self.widen, self.first, self.second, self.output


def _bounded(h: Tensor) -> Tensor:
    return in_units(h, _ACTIVATION_UNIT, largest=_ACTIVATION_LARGEST)
