"""What transformers of images share: the shape of their encoder, and its parts."""

__all__ = ["Positions", "TransformerConfig", "blocks", "learned_positions", "patch_embedding"]

from dataclasses import dataclass, replace
from typing import Literal, Self, TypeAlias, get_args

import torch
from torch import nn

from copyist.checks import check_at_least, check_choice
from copyist.errors import ArgumentError, ShapeError
from copyist.models.contracts import ModelConfig
from copyist.models.shapes import fitted_image_shape
from copyist.nn.tokens import TokenBlock, sincos_positions

Positions: TypeAlias = Literal["normal", "sincos"]
"""How learned positions are initialized: from a normal distribution, or by sines and cosines of row and column."""


@dataclass(frozen=True, kw_only=True)
class TransformerConfig(ModelConfig):
    """The shape of an encoder of patches."""

    image_shape: tuple[int, int, int] | None = None
    """(C, H, W) of one image; None takes the data's."""

    patch: int = 4
    """Side of a patch in pixels; sides of images must be multiples of it."""

    width: int = 64
    """Units per token."""

    depth: int = 6
    """Blocks."""

    heads: int = 4
    """Of each attention; they divide the width."""

    positions: Positions = "normal"
    """How learned positions are initialized: from a `normal` distribution, or by sines and cosines of row and column
    (`sincos`)."""

    def __post_init__(self) -> None:
        for name in ("patch", "width", "depth", "heads"):
            check_at_least(name, getattr(self, name), 1)
        if self.width % self.heads:
            raise ArgumentError(f"width must be a multiple of heads, got {self.width} and {self.heads}")
        check_choice("positions", self.positions, get_args(Positions))
        self.check_sincos("width", self.width)
        if self.image_shape is not None:
            _, height, width = self.image_shape
            if height % self.patch or width % self.patch:
                near = (max(1, side // self.patch) * self.patch for side in (height, width))
                raise ShapeError(
                    f"image sides must be multiples of the patch of {self.patch}, got {height}x{width}; "
                    f"resize the images (?size={'x'.join(map(str, near))}), "
                    "or build the model with a patch that divides them (--set model.patch=…)"
                )

    def check_sincos(self, name: str, width: int) -> None:
        """Refuse a number of units that sines and cosines of rows and columns do not fill.

        Raises:
            ArgumentError: positions are `sincos`, and `width` is no multiple of 4.
        """
        if self.positions == "sincos" and width % 4:
            raise ArgumentError(f"{name} must be a multiple of 4 for positions=sincos, got {width}")

    def fitted(self, shape: tuple[int, ...]) -> Self:
        return replace(self, image_shape=fitted_image_shape(self.image_shape, shape))


def patch_embedding(image_shape: tuple[int, int, int], config: TransformerConfig) -> nn.Linear:
    """From the values of a patch to a token."""
    return nn.Linear(image_shape[0] * config.patch**2, config.width)


def learned_positions(image_shape: tuple[int, int, int], config: TransformerConfig, *, width: int) -> nn.Parameter:
    """Learned positional embeddings, (1, N, width), which are added to the tokens."""
    rows, columns = (side // config.patch for side in image_shape[1:])
    if config.positions == "sincos":
        return nn.Parameter(sincos_positions(rows, columns, width=width)[None])
    # About as large as the embedded patches: a tenth of that is drowned by them, and positions are learned late.
    return nn.Parameter(0.5 * torch.randn(1, rows * columns, width))


def blocks(width: int, *, heads: int, depth: int) -> nn.Sequential:
    """Blocks of attention over tokens (B, N, width), one after the other."""
    return nn.Sequential(*(TokenBlock(width, heads=heads) for _ in range(depth)))
