"""Convolutional blocks and resampling."""

__all__ = ["ConvBlock", "Downsample", "NormalizedConv", "Upsample", "initialize"]

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from copyist.nn.norm import Statistics, normalization


class ConvBlock(nn.Module):
    """A number of 3×3 convolutions, each followed by its normalization and ReLU: (B, C, H, W) → (B, C', H, W).

    A residual block adds what it was given: y = S(x) + F(x), where F has no ReLU at its end, and S is the identity,
    or a 1×1 convolution where C' is not C. Nothing rectifies the sum, so that blocks may also take away.

    With an embedding e, such as of a noise level or a class, every normalized map is
    scaled and shifted by it before the ReLU: h ← (1 + a)·h + b, with a and b linear in e, at first 0.

    Args:
        inputs: C.
        outputs: C'.
        convolutions: how many; a residual block of one would be linear.
        statistics: whose the normalization uses.
        residual: whether it is a residual block.
        embedding: E, features of the embedding; 0 for none.

    Source:
        He et al. (2015), "Deep Residual Learning", equations 1 and 2, without the ReLU behind the sum, as in Ho et al.
        (2020), appendix B; Dhariwal & Nichol (2021), section 3.1, for the scale and shift of normalized maps.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        convolutions: int,
        statistics: Statistics,
        residual: bool = False,
        embedding: int = 0,
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            NormalizedConv(inputs if index == 0 else outputs, outputs, statistics=statistics)
            for index in range(convolutions)
        )
        self.modulation = nn.Parameter(torch.zeros(2 * outputs * convolutions, embedding + 1)) if embedding else None
        """(2·C'·convolutions, E + 1): scales and shifts of each convolution in turn; the last column is their bias."""
        self.shortcut: nn.Module | None = None
        """S of a residual block; None in a plain one."""
        if residual:
            self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor, embedding: Tensor | None = None) -> Tensor:
        """Maps (B, C', H, W) from maps (B, C, H, W) and, for a block that takes one, the embedding (B, E)."""
        h, last = x, len(self.layers) - 1
        modulations = self._modulations(embedding)
        for index, layer in enumerate(self.layers):
            h = layer(h)
            if modulations:
                scale, shift = modulations[index].chunk(2, dim=1)
                h = (1 + scale) * h + shift
            if self.shortcut is None or index < last:
                h = F.relu(h, inplace=True)
        return h if self.shortcut is None else self.shortcut(x) + h

    def _modulations(self, embedding: Tensor | None) -> tuple[Tensor, ...]:
        """Scales and shifts together, (B, 2·C', 1, 1) for each convolution; empty for a block without embedding."""
        if self.modulation is None:
            return ()
        assert embedding is not None
        affine = F.linear(embedding, self.modulation[:, :-1], self.modulation[:, -1])[:, :, None, None]
        return affine.chunk(len(self.layers), dim=1)


class NormalizedConv(nn.Module):
    """A 3×3 convolution and its normalization: (B, C, H, W) → (B, C', H, W)."""

    def __init__(self, inputs: int, outputs: int, *, statistics: Statistics) -> None:
        super().__init__()
        # A bias in front of a normalization is taken out again by it.
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=statistics == "none")
        self.norm = normalization(outputs, statistics)

    def forward(self, h: Tensor) -> Tensor:
        """Maps (B, C', H, W) from maps (B, C, H, W)."""
        return self.norm(self.conv(h))


class Downsample(nn.MaxPool2d):
    """Max-pooling over 2×2 positions: (B, C, H, W) → (B, C, H / 2, W / 2)."""

    def __init__(self) -> None:
        super().__init__(2)


class Upsample(nn.ConvTranspose2d):
    """Twice each side, by a transposed convolution with kernel and stride 2."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 2, stride=2)

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        if self.bias is None or not input.is_contiguous(memory_format=torch.channels_last):
            return super().forward(input, output_size)
        # Its patches of 2×2 do not overlap, so one matrix product per position does the same, faster.
        batch, _, height, width = input.shape
        rows = self.weight.permute(2, 3, 1, 0).flatten(0, 2)  # (2·2·C', C)
        patches = F.linear(input.permute(0, 2, 3, 1), rows, self.bias.repeat(4))  # (B, H, W, 2·2·C')
        maps = patches.view(batch, height, width, 2, 2, self.out_channels).permute(0, 1, 3, 2, 4, 5)
        # Put together with the channels last, as they came.
        return maps.reshape(batch, 2 * height, 2 * width, self.out_channels).permute(0, 3, 1, 2)


@torch.no_grad()
def initialize(module: nn.Module) -> None:
    """Initialize weights such that the variance of the signal neither grows nor shrinks with depth.

    For a ReLU net without normalization this decides whether it trains at all. Under PyTorch's own initialization
    each layer passes on a sixth of its input's variance, so that a net of twenty layers answers with its biases.

    Of N residual blocks, each adds 1 / N of the variance it is given.

    Source:
        He et al. (2015), equation 10. A transposed convolution has a fan-in of its input channels times the
        positions of its kernel per position of its output. Nothing rectifies what it, a linear layer and a shortcut put
        out, so their gain is 1. Radford et al. (2019), section 2.3, for the residual blocks.
    """
    for part in module.modules():
        if isinstance(part, nn.ConvTranspose2d):
            reached = part.kernel_size[0] * part.kernel_size[1] / (part.stride[0] * part.stride[1])
            _draw(part.weight, part.bias, variance=1 / (part.in_channels * reached))
        elif isinstance(part, nn.Conv2d):
            fan_in = part.in_channels * part.kernel_size[0] * part.kernel_size[1]
            _draw(part.weight, part.bias, variance=2 / fan_in)
        elif isinstance(part, nn.Linear):
            _draw(part.weight, part.bias, variance=1 / part.in_features)
    _scale_residual(module)


def _scale_residual(module: nn.Module) -> None:
    """Scale weights that were drawn as if they were rectified to those of residual blocks."""
    blocks = [part for part in module.modules() if isinstance(part, ConvBlock) and part.shortcut is not None]
    for block in blocks:
        last = block.layers[-1]
        assert isinstance(last, NormalizedConv)
        last.conv.weight.mul_((2 * len(blocks)) ** -0.5)
        if isinstance(block.shortcut, nn.Conv2d):
            block.shortcut.weight.mul_(2**-0.5)


def _draw(weight: Tensor, bias: Tensor | None, *, variance: float) -> None:
    nn.init.normal_(weight, std=variance**0.5)
    if bias is not None:
        nn.init.zeros_(bias)
