"""A bottleneck between encoder and decoder: from maps to a few units, joining all positions, and back."""

__all__ = ["Bottleneck"]

from itertools import pairwise

from torch import Tensor, nn

_MAPS = 256
"""Feature maps after the strided convolution, as in the reference experiments."""


class Bottleneck(nn.Module):
    """A strided convolution to 256 maps, linear layers down and up, and a transposed convolution back.

    Maps (B, C, H, W) become a code (B, min(widths)) and maps (B, C, H, W) again. Nothing stands between the linear
    layers, so that together they are one linear map of rank min(widths).

    Args:
        maps: C.
        size: (H, W), each at least 2.
        widths: units per linear layer; the code is the narrowest, the first where several are.
    """

    def __init__(self, *, maps: int, size: tuple[int, int], widths: tuple[int, ...]) -> None:
        super().__init__()
        half = ((size[0] + 1) // 2, (size[1] + 1) // 2)
        flat = _MAPS * half[0] * half[1]
        linears = [nn.Linear(inputs, outputs) for inputs, outputs in pairwise((flat, *widths, flat))]
        narrowest = widths.index(min(widths)) + 1
        self.shrink = nn.Sequential(nn.Conv2d(maps, _MAPS, 3, stride=2, padding=1), nn.Flatten(), *linears[:narrowest])
        self.grow = nn.Sequential(
            *linears[narrowest:],
            nn.Unflatten(1, (_MAPS, *half)),
            # An odd side has one position less than twice its half.
            nn.ConvTranspose2d(_MAPS, maps, 3, stride=2, padding=1, output_padding=(1 - size[0] % 2, 1 - size[1] % 2)),
        )

    def encode(self, h: Tensor) -> Tensor:
        """Maps (B, C, H, W) to the narrowest layer (B, min(widths))."""
        return self.shrink(h)

    def decode(self, z: Tensor) -> Tensor:
        """The narrowest layer (B, min(widths)) to maps (B, C, H, W)."""
        return self.grow(z)
