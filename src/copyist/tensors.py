"""Names for tensors, each with its shape and range."""

__all__ = [
    "Codes",
    "Examples",
    "Features",
    "Images",
    "PerImage",
    "Rows",
    "Visible",
]

from typing import TypeAlias

from torch import Tensor

Images: TypeAlias = Tensor
"""(B, C, H, W), float32, in [0, 1]; a corrupted image may leave that range."""

Rows: TypeAlias = Tensor
"""(B, D), float32, rows of a table: each column in units of its own, of any range."""

Examples: TypeAlias = Tensor
"""(B, ...), what a model copies: images or rows."""

Codes: TypeAlias = Tensor
"""(B, ...), what an encoder makes of images; any shape and range."""

Features: TypeAlias = Tensor
"""(B, D), what the last hidden layer of a classifier makes of images."""

PerImage: TypeAlias = Tensor
"""(B,), one number per image."""

Visible: TypeAlias = Tensor
"""(B, N), bool: True is a patch that is shown, False one that is hidden."""
