"""Levels of convolutions, each at half the size of the one above: what every U-Net is made of."""

__all__ = ["LevelsConfig", "Up", "check_sides", "down", "initialize_levels", "maps_per_level", "size_multiple"]

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor, nn

from copyist.checks import check_at_least, check_choice
from copyist.errors import ShapeError
from copyist.models.channels import check_channels, fitted_channels, image_shape, known_channels
from copyist.models.config import ModelConfig
from copyist.nn.conv import ConvBlock, Downsample, Upsample, initialize
from copyist.nn.norm import STATISTICS, Statistics
from copyist.tensors import Images


@dataclass(frozen=True, kw_only=True)
class LevelsConfig(ModelConfig):
    """The shape of a model of levels."""

    channels: int | None = None
    """Channels of an image; None takes the data's."""

    width: int = 64
    """Feature maps at the first level; each further level has twice as many."""

    levels: int = 5
    """Resolutions, the full one included: sides must be multiples of 2^(levels − 1)."""

    convolutions: int = 2
    """3×3 convolutions per level, on the way down and on the way up."""

    statistics: Statistics = "batch"
    """Whose mean and variance the normalization uses."""

    def __post_init__(self) -> None:
        for name in ("width", "levels", "convolutions"):
            check_at_least(name, getattr(self, name), 1)
        if self.channels is not None:
            check_at_least("channels", self.channels, 1)
        check_choice("normalization statistics", self.statistics, STATISTICS)

    @property
    def widths(self) -> tuple[int, ...]:
        """Feature maps per level, from the full resolution down."""
        return tuple(self.width * 2**level for level in range(self.levels))

    @property
    def size_multiple(self) -> int:
        """What the sides of an image must be multiples of."""
        return size_multiple(self.levels)

    def fitted(self, shape: tuple[int, ...]) -> Self:
        channels = fitted_channels(self.channels, shape)
        check_sides(image_shape(shape)[1:], levels=self.levels)
        return replace(self, channels=channels)

    def check_images(self, x: Images) -> None:
        """Refuse images of other channels, or of sides that cannot be halved level by level.

        Raises:
            ShapeError: `x` is of such a shape.
        """
        check_channels(x, self.known_channels)
        check_sides((x.shape[2], x.shape[3]), levels=self.levels)

    @property
    def known_channels(self) -> int:
        """The channels, of a config that is about to be built.

        Raises:
            ArgumentError: they were left open.
        """
        return known_channels(self.channels, model="a U-Net")


def down(config: LevelsConfig) -> nn.ModuleList:
    """One block per level, from images (B, C, H, W) to maps (B, widths[-1], H / 2^(levels − 1), …)."""
    blocks = nn.ModuleList()
    maps = config.known_channels
    for level, width in enumerate(config.widths):
        block = ConvBlock(maps, width, convolutions=config.convolutions, statistics=config.statistics)
        blocks.append(block if level == 0 else nn.Sequential(Downsample(), block))
        maps = width
    return blocks


def maps_per_level(blocks: nn.ModuleList, x: Images) -> tuple[Tensor, ...]:
    """What each block of `down` makes of images (B, C, H, W), from the first level to the lowest."""
    maps: list[Tensor] = []
    for block in blocks:
        maps.append(block(maps[-1] if maps else x))
    return tuple(maps)


class Up(nn.Module):
    """From the maps of the lowest level to images, each level's block behind an upsampling.

    Args:
        config: the levels.
        skips: whether each block is also handed the encoder's maps of its level.
    """

    def __init__(self, config: LevelsConfig, *, skips: bool) -> None:
        super().__init__()
        self.upsamples = nn.ModuleList()
        self.blocks = nn.ModuleList()
        maps = config.widths[-1]
        for width in config.widths[-2::-1]:
            self.upsamples.append(Upsample(maps, width))
            joined = 2 * width if skips else width
            self.blocks.append(ConvBlock(joined, width, convolutions=config.convolutions, statistics=config.statistics))
            maps = width
        self.output = nn.Conv2d(maps, config.known_channels, 1)

    def forward(self, h: Tensor, passed: tuple[Tensor, ...]) -> Images:
        """Images of the lowest maps `h` and, with skips, the maps of the levels above, from the first level down."""
        for index, (upsample, block) in enumerate(zip(self.upsamples, self.blocks, strict=True)):
            h = upsample(h)
            h = block(torch.cat([h, passed[-1 - index]], dim=1) if passed else h)
        return self.output(h)


def size_multiple(levels: int) -> int:
    """What the sides of an image must be multiples of, to be halved at every level but the last."""
    return 2 ** (levels - 1)


def check_sides(size: tuple[int, int], *, levels: int) -> None:
    """Refuse images (H, W) whose sides cannot be halved level by level, or end with less than two pixels.

    Raises:
        ShapeError: they are of such a size.
    """
    (height, width), multiple = size, size_multiple(levels)
    if min(height, width) < 2 * multiple:
        raise ShapeError(
            f"image sides must be at least {2 * multiple} for {levels} levels, got {height}x{width}; "
            "enlarge the images, or build the model with fewer levels"
        )
    if height % multiple or width % multiple:
        raise ShapeError(
            f"image sides must be multiples of {multiple}, got {height}x{width}; "
            "pad the images, or build the model with fewer levels"
        )


def initialize_levels(model: nn.Module, output: nn.Conv2d, config: LevelsConfig) -> None:
    """Draw the weights of a fresh model as its normalization asks, and let its answers start from gray."""
    if config.statistics == "none":
        initialize(model)
    # A copy starts from gray: pixel values lie in [0, 1], and nothing else says so.
    if output.bias is not None:
        nn.init.constant_(output.bias, 0.5)
