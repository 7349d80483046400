"""Transposed convolutions with large strides, as plain products of patches: several times as fast on a CPU."""

__all__ = ["overlapping_patches", "separate_patches"]

from torch import Tensor
from torch.nn import functional as F


def separate_patches(h: Tensor, weight: Tensor) -> Tensor:
    """The transposed convolution whose stride is its kernel: each position makes a patch of its own.

    Args:
        h: maps (B, C, H, W).
        weight: (C, C', k, k), as `nn.ConvTranspose2d` has it.

    Returns:
        Maps (B, C', k·H, k·W).
    """
    columns = weight.flatten(1).T @ h.flatten(2)  # (B, C'·k·k, H·W)
    return F.pixel_shuffle(columns.view(h.shape[0], -1, *h.shape[2:]), weight.shape[-1])


def overlapping_patches(h: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """The transposed convolution whose stride s is half of its kernel, with padding s / 2: patches overlap by halves.

    Each patch of s×s of the answer is of the 2×2 positions around it: one convolution of 2×2.

    Args:
        h: maps (B, C, H, W).
        weight: (C, C', 2·s, 2·s), s being even, as `nn.ConvTranspose2d` has it.
        bias: (C',).

    Returns:
        Maps (B, C', s·H, s·W).
    """
    inputs, outputs, side, _ = weight.shape
    stride = side // 2
    parts = weight.view(inputs, outputs, 2, stride, 2, stride).permute(1, 3, 5, 0, 2, 4)
    kernels = parts.reshape(outputs * stride**2, inputs, 2, 2).flip(2, 3)
    patches = F.conv2d(h, kernels, padding=1)  # (B, C'·s·s, H + 1, W + 1)
    half = stride // 2
    found = F.pixel_shuffle(patches, stride)[:, :, half:-half, half:-half]
    return found if bias is None else found + bias[:, None, None]
