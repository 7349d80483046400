"""Names for tensors, each with its shape and range."""

__all__ = [
    "Codes",
    "Examples",
    "ExamplesLike",
    "Features",
    "Images",
    "PerImage",
    "Rows",
    "Visible",
]

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy.typing as npt
from torch import Tensor

Images: TypeAlias = Tensor
"""(B, C, H, W), float32, in [0, 1]; a corrupted image may leave that range."""

Rows: TypeAlias = Tensor
"""(B, D), float32, rows of a table: each column in units of its own, of any range."""

Examples: TypeAlias = Tensor
"""(B, ...), what a model copies: images or rows."""

ExamplesLike: TypeAlias = Tensor | npt.NDArray[Any] | Sequence[Any]
"""What verbs take for examples: a tensor or an array (B, ...), or a list of them without the batch axis.

Of images uint8 and uint16, scaled to [0, 1], bool, or floats of any width in [0, 1], which noise may leave; of rows any
real numbers. On any device and in any layout of memory. They become floats of the model's type, on its device, and the
answer is a tensor there."""

Codes: TypeAlias = Tensor
"""(B, ...), what an encoder makes of images; any shape and range."""

Features: TypeAlias = Tensor
"""(B, D), what the last hidden layer of a classifier makes of images."""

PerImage: TypeAlias = Tensor
"""(B,), one number per image."""

Visible: TypeAlias = Tensor
"""(B, N), bool: True is a patch that is shown, False one that is hidden."""
