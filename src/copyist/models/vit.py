"""A small vision transformer as a classifier: its layers are there to be inverted one by one."""

__all__ = ["ViT", "ViTConfig"]

import math
from dataclasses import dataclass, replace
from typing import Self, final

import torch
from torch import nn

from copyist.checks import check_at_least
from copyist.errors import ArgumentError, ShapeError
from copyist.models.base import Classifier, ClassifierConfig
from copyist.models.channels import image_shape
from copyist.nn.patches import to_patches
from copyist.nn.tokens import TokenBlock
from copyist.tensors import Features, Images


@dataclass(frozen=True, kw_only=True)
class ViTConfig(ClassifierConfig):
    """The shape of a `ViT`."""

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

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("patch", "width", "depth", "heads"):
            check_at_least(name, getattr(self, name), 1)
        if self.width % self.heads:
            raise ArgumentError(f"width must be a multiple of heads, got {self.width} and {self.heads}")
        if self.image_shape is not None:
            self._check_sides(self.image_shape)

    def fitted(self, shape: tuple[int, ...]) -> Self:
        found = image_shape(shape)
        if self.image_shape not in (None, found):
            raise ShapeError(
                f"the model was built for images of shape {self.image_shape}, got {found}; "
                "resize the images, or leave the model's image_shape open"
            )
        return replace(self, image_shape=found)

    def build(self) -> Classifier:
        return ViT(self)

    def _check_sides(self, image_shape: tuple[int, int, int]) -> None:
        _, height, width = image_shape
        if height % self.patch or width % self.patch:
            raise ShapeError(
                f"image sides must be multiples of the patch of {self.patch}, got {height}x{width}; "
                "resize the images, or build the model with a patch that divides them"
            )


@final
class ViT(Classifier):
    """Patches become tokens by a linear layer, learned positions are added, and blocks of attention follow.

    The blocks are `blocks.0` to `blocks.{depth − 1}`, tokens (B, N, D) to tokens. The features are the mean of the
    normalized tokens, of which there are D.

    Source:
        Dosovitskiy et al. (2021), equations 1 to 4, with the mean of the tokens in place of a token for the class.
    """

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        if config.image_shape is None or config.num_classes is None:
            raise ArgumentError(
                "a classifier must know its image_shape and num_classes; give them, or train it by classification"
            )
        self._config = config
        self._shape = self.image_shape = config.image_shape
        self.image_size = config.image_shape[1:]
        num_tokens = math.prod(side // config.patch for side in self.image_size)
        self.embed = nn.Linear(config.image_shape[0] * config.patch**2, config.width)
        # About as large as the embedded patches: a tenth of that is drowned by them, and places are learned late.
        self.positions = nn.Parameter(0.5 * torch.randn(1, num_tokens, config.width))
        self.blocks = nn.Sequential(*(TokenBlock(config.width, heads=config.heads) for _ in range(config.depth)))
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, config.num_classes)

    @property
    def config(self) -> ViTConfig:
        return self._config

    def check_input(self, x: Images) -> None:
        if tuple(x.shape[1:]) != self._shape:
            raise ShapeError(
                f"the model takes images of shape {self._shape} only, got {tuple(x.shape[1:])}; "
                "resize the images, or train a model on images of their shape"
            )

    def features(self, x: Images) -> Features:
        h = self.embed(to_patches(x, size=self._config.patch)) + self.positions  # (B, N, D)
        return self.norm(self.blocks(h)).mean(1)
