"""The levels of U-Nets and their kin: convolutions at successively lower resolutions, and back up to an image."""

__all__ = [
    "AttendingLevelsConfig",
    "Blocks",
    "Down",
    "Level",
    "LevelsAttention",
    "LevelsConfig",
    "Up",
    "add_attention",
    "check_sides",
    "initialize_levels",
    "size_multiple",
]

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, Self, TypeAlias, get_args

import torch
from torch import Tensor, nn

from copyist.checks import check_at_least, check_choice
from copyist.errors import ArgumentError, ShapeError
from copyist.models.contracts import ModelConfig
from copyist.models.shapes import check_channels, fitted_channels, image_shape, known_channels
from copyist.nn.attention import AttentionKind, attention
from copyist.nn.conv import ConvBlock, Downsample, Upsample, initialize
from copyist.nn.norm import STATISTICS, Statistics
from copyist.settings import later
from copyist.tensors import Images

Blocks: TypeAlias = Literal["plain", "residual"]
"""What the convolutions of a level make up: a plain block, or a residual one, which adds what it was given."""

LevelsAttention: TypeAlias = Literal["none", "linear", "mixed", "lowest"]
"""How the positions of all levels attend: not at all; linear everywhere; the same, but by dot products at the lowest
two; or by dot products at the lowest alone."""


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

    blocks: Blocks = later("plain")
    """Whether each level's convolutions are a plain block, or a residual one, which adds what it was given."""

    def __post_init__(self) -> None:
        for name in ("width", "levels", "convolutions"):
            check_at_least(name, getattr(self, name), 1)
        if self.channels is not None:
            check_at_least("channels", self.channels, 1)
        check_choice("normalization statistics", self.statistics, STATISTICS)
        check_choice("kind of blocks", self.blocks, get_args(Blocks))
        if self.blocks == "residual" and self.convolutions < 2:
            raise ArgumentError(
                f"residual blocks must have at least 2 convolutions, or they are linear, got {self.convolutions}; "
                "take more (--set convolutions=2)"
            )

    @property
    def widths(self) -> tuple[int, ...]:
        """Feature maps per level, from the full resolution down."""
        return tuple(self.width * 2**level for level in range(self.levels))

    @property
    def size_multiple(self) -> int:
        """What the sides of an image must be multiples of."""
        return size_multiple(self.levels)

    @property
    def receptive_radius(self) -> int | None:
        """How many pixels away an input pixel changes an output pixel; None where it may be the whole image."""
        if self.statistics not in ("running", "none"):
            return None
        # Each convolution reaches one pixel of its level; below, a pixel is two and lies in a pair.
        radius = self.convolutions
        for _ in range(self.levels - 1):
            radius = self.convolutions + (2 * radius + 1) + self.convolutions
        return radius

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


@dataclass(frozen=True, kw_only=True)
class AttendingLevelsConfig(LevelsConfig):
    """The shape of a model of levels, each of which may attend."""

    attention: LevelsAttention = later("none")
    """How positions attend behind each level's block: `none`; `linear` everywhere; `mixed`, by dot products at the
    lowest two levels and linear above; or `lowest`, by dot products at the lowest level alone."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("attention", self.attention, get_args(LevelsAttention))

    @property
    def receptive_radius(self) -> int | None:
        """As without attention, which sees the whole image."""
        return super().receptive_radius if self.attention == "none" else None

    @property
    def attentions(self) -> tuple[AttentionKind | None, ...]:
        """How positions attend per level, from the full resolution down; None where they do not."""
        if self.attention in ("none", "lowest"):
            last: AttentionKind | None = "dot" if self.attention == "lowest" else None
            return (*(None,) * (self.levels - 1), last)
        by_dots = 2 if self.attention == "mixed" else 0
        return tuple("dot" if level >= self.levels - by_dots else "linear" for level in range(self.levels))


class Level(nn.Module):
    """The block of one level: (B, C, H, W) → (B, C', H, W), or half of each side where it halves them.

    Behind the block stands h + attention(norm(h)) where `add_attention` has given the level one.

    Args:
        inputs: C.
        outputs: C'.
        config: of all levels.
        halve: whether both sides are halved before the block.
        embedding: E, features of an embedding of noise level or class that the block takes; 0 for none.
    """

    def __init__(self, inputs: int, outputs: int, config: LevelsConfig, *, halve: bool, embedding: int = 0) -> None:
        super().__init__()
        self.halve = Downsample() if halve else nn.Identity()
        self.block = ConvBlock(
            inputs,
            outputs,
            convolutions=config.convolutions,
            statistics=config.statistics,
            residual=config.blocks == "residual",
            embedding=embedding,
        )
        self.maps = outputs
        self.norm: nn.Module | None = None
        self.attention: nn.Module | None = None

    def forward(self, h: Tensor, embedding: Tensor | None = None) -> Tensor:
        """Maps from maps and, for a level that takes one, the embedding (B, E)."""
        h = self.block(self.halve(h), embedding)
        if self.attention is None or self.norm is None:
            return h
        return h + self.attention(self.norm(h))


class Down(nn.ModuleList):
    """One level after the other, from images (B, C, H, W) to maps (B, widths[-1], H / 2^(levels − 1), …).

    Args:
        config: the levels.
        embedding: E, features of an embedding that every block takes; 0 for none.
    """

    def __init__(self, config: LevelsConfig, *, embedding: int = 0) -> None:
        widths = (config.known_channels, *config.widths)
        levels = enumerate(pairwise(widths))
        super().__init__(
            Level(inputs, outputs, config, halve=level > 0, embedding=embedding) for level, (inputs, outputs) in levels
        )

    def forward(self, x: Images, embedding: Tensor | None = None) -> tuple[Tensor, ...]:
        """The maps of each level, from the full resolution to the lowest."""
        maps: list[Tensor] = []
        for level in self:
            maps.append(level(maps[-1] if maps else x, embedding))
        return tuple(maps)


class Up(nn.Module):
    """From the maps of the lowest level to images, each level's block behind an upsampling.

    Args:
        config: the levels.
        skips: whether each block is also handed the maps of its level on the way down.
        embedding: E, features of an embedding that every block takes; 0 for none.
    """

    def __init__(self, config: LevelsConfig, *, skips: bool, embedding: int = 0) -> None:
        super().__init__()
        self.upsamples = nn.ModuleList()
        self.levels = nn.ModuleList()
        maps = config.widths[-1]
        for width in config.widths[-2::-1]:
            self.upsamples.append(Upsample(maps, width))
            joined = 2 * width if skips else width
            self.levels.append(Level(joined, width, config, halve=False, embedding=embedding))
            maps = width
        self.output = nn.Conv2d(maps, config.known_channels, 1)

    def forward(self, h: Tensor, passed: Sequence[Tensor] = (), embedding: Tensor | None = None) -> Images:
        """Images from the lowest maps `h` and, with skips, the maps of the levels above, the first level first."""
        for index, (upsample, level) in enumerate(zip(self.upsamples, self.levels, strict=True)):
            h = upsample(h)
            h = level(torch.cat([h, passed[-1 - index]], dim=1) if passed else h, embedding)
        return self.output(h)


def add_attention(config: AttendingLevelsConfig, down: Down, up: Up) -> None:
    """Give every level its attention, where the config has any; its weights are drawn last."""
    for levels, kinds in ((down, config.attentions), (up.levels, config.attentions[-2::-1])):
        for level, kind in zip(levels, kinds, strict=True):
            assert isinstance(level, Level)
            if kind is not None:
                level.norm = nn.GroupNorm(1, level.maps)
                level.attention = attention(kind, level.maps)


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
            f"enlarge the images (?size={_near(size, multiple)}){_fewer(size)}"
        )
    if height % multiple or width % multiple:
        raise ShapeError(
            f"image sides must be multiples of {multiple}, got {height}x{width}; "
            f"pad the images (?size={_near(size, multiple)}&fit=pad){_fewer(size)}"
        )


def _near(size: tuple[int, int], multiple: int) -> str:
    """The least size, as a source writes it, that a model takes and an image of this size fits into."""
    height, width = (max(2 * multiple, -(-side // multiple) * multiple) for side in size)
    return str(height) if height == width else f"{height}x{width}"


def _fewer(size: tuple[int, int]) -> str:
    """How many levels this size allows, as a remedy; nothing where it allows none."""
    fitting = 0
    while min(size) >= 2 * size_multiple(fitting + 1) and not any(side % size_multiple(fitting + 1) for side in size):
        fitting += 1
    return f", or build the model with fewer levels (--set levels={fitting})" if fitting else ""


def initialize_levels(model: nn.Module, output: nn.Conv2d, config: LevelsConfig) -> None:
    """Initialize the weights as the normalization requires, with a bias of the output that starts from gray."""
    if config.statistics == "none":
        initialize(model)
    # A copy starts from gray: pixel values lie in [0, 1], and nothing else says so.
    if output.bias is not None:
        nn.init.constant_(output.bias, 0.5)
