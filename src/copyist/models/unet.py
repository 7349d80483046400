"""The U-Net without skips, which must pass everything through its code; and the one with skips, as its control."""

__all__ = ["UNet", "UNetConfig", "UNetSkips", "UNetSkipsConfig"]

from dataclasses import dataclass, replace
from typing import Self, final

import torch
from torch import Tensor, nn

from copyist.checks import check_at_least, check_choice, check_images
from copyist.errors import ArgumentError, ShapeError
from copyist.models.base import Autoencoder, ModelConfig, Reconstructor
from copyist.nn.bottleneck import Bottleneck
from copyist.nn.conv import ConvBlock, Downsample, Upsample, initialize
from copyist.nn.norm import STATISTICS, Statistics
from copyist.tensors import Codes, Images


@dataclass(frozen=True, kw_only=True)
class UNetSkipsConfig(ModelConfig):
    """The shape of a `UNetSkips`."""

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
        return 2 ** (self.levels - 1)

    def fitted(self, image_shape: tuple[int, int, int]) -> Self:
        if self.channels not in (None, image_shape[0]):
            raise ShapeError(
                f"the model was built for images of {self.channels} channels, got {image_shape[0]}; "
                f"add channels={self.channels} to the source, or leave the model's channels open"
            )
        fitted = replace(self, channels=image_shape[0])
        _check_sides(fitted, image_shape[1], image_shape[2])
        return fitted

    def build(self) -> Reconstructor:
        return UNetSkips(self)


@dataclass(frozen=True, kw_only=True)
class UNetConfig(UNetSkipsConfig):
    """The shape of a `UNet`."""

    hidden: tuple[int, ...] = ()
    """Units per linear layer of a module between encoder and decoder, such as (500, 100, 500); empty for none."""

    image_size: tuple[int, int] | None = None
    """(H, W) of all images, which only `hidden` needs to know; None takes the data's."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for units in self.hidden:
            check_at_least("hidden", units, 1)

    def fitted(self, image_shape: tuple[int, int, int]) -> Self:
        fitted = super().fitted(image_shape)
        if not self.hidden:
            return fitted
        if self.image_size not in (None, image_shape[1:]):
            raise ShapeError(
                f"the hidden module was built for images of {_by(self.image_size)}, got {_by(image_shape)}"
            )
        return replace(fitted, image_size=image_shape[1:])

    def build(self) -> Autoencoder:
        return UNet(self)


@final
class UNet(Autoencoder):
    """Blocks of convolutions down to a code of small maps and up again, with nothing passing around it.

    Source:
        Ronneberger et al. (2015), figure 1, without the skips.
    """

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self._config = config
        self.uses_batch_statistics = config.statistics == "batch"
        self.size_multiple = config.size_multiple
        self.image_size = config.image_size
        self.down = _down(config)
        self.hidden = _hidden(config)
        self.up = _Up(config, skips=False)
        _initialize(self, config)

    @property
    def config(self) -> UNetConfig:
        return self._config

    def check_input(self, x: Images) -> None:
        _check_images_for(self._config, x)
        if self.image_size is not None and tuple(x.shape[2:]) != self.image_size:
            raise ShapeError(
                f"the model's hidden module takes images of {_by(self.image_size)} only, got {_by(tuple(x.shape))}; "
                "resize the images, or train a U-Net without a hidden module"
            )

    def encode(self, x: Images) -> Codes:
        h = x
        for block in self.down:
            h = block(h)
        return h if self.hidden is None else self.hidden.encode(h)

    def decode(self, z: Codes) -> Images:
        return self.up(z if self.hidden is None else self.hidden.decode(z), ())


@final
class UNetSkips(Reconstructor):
    """The U-Net with its skips: at each level the decoder is also handed the encoder's maps. It has no code.

    Source:
        Ronneberger et al. (2015), figure 1, with padded convolutions.
    """

    def __init__(self, config: UNetSkipsConfig) -> None:
        super().__init__()
        self._config = config
        self.uses_batch_statistics = config.statistics == "batch"
        self.size_multiple = config.size_multiple
        self.down = _down(config)
        self.up = _Up(config, skips=True)
        _initialize(self, config)

    @property
    def config(self) -> UNetSkipsConfig:
        return self._config

    def check_input(self, x: Images) -> None:
        _check_images_for(self._config, x)

    def forward(self, x: Images) -> Images:
        check_images(x)
        self.check_input(x)
        passed: list[Tensor] = []
        h = x
        for block in self.down:
            h = block(h)
            passed.append(h)
        return self.up(h, tuple(passed[:-1]))


def _down(config: UNetSkipsConfig) -> nn.ModuleList:
    blocks = nn.ModuleList()
    maps = _channels(config)
    for level, width in enumerate(config.widths):
        block = ConvBlock(maps, width, convolutions=config.convolutions, statistics=config.statistics)
        blocks.append(block if level == 0 else nn.Sequential(Downsample(), block))
        maps = width
    return blocks


def _hidden(config: UNetConfig) -> Bottleneck | None:
    if not config.hidden:
        return None
    if config.image_size is None:
        raise ArgumentError("a U-Net with a hidden module must know its image_size; give it, or fit the config to data")
    height, width = (side // config.size_multiple for side in config.image_size)
    return Bottleneck(maps=config.widths[-1], size=(height, width), widths=config.hidden)


class _Up(nn.Module):
    def __init__(self, config: UNetSkipsConfig, *, skips: bool) -> None:
        super().__init__()
        self.upsamples = nn.ModuleList()
        self.blocks = nn.ModuleList()
        maps = config.widths[-1]
        for width in config.widths[-2::-1]:
            self.upsamples.append(Upsample(maps, width))
            joined = 2 * width if skips else width
            self.blocks.append(ConvBlock(joined, width, convolutions=config.convolutions, statistics=config.statistics))
            maps = width
        self.output = nn.Conv2d(maps, _channels(config), 1)

    def forward(self, h: Tensor, passed: tuple[Tensor, ...]) -> Images:
        for index, (upsample, block) in enumerate(zip(self.upsamples, self.blocks, strict=True)):
            h = upsample(h)
            h = block(torch.cat([h, passed[-1 - index]], dim=1) if passed else h)
        return self.output(h)


def _initialize(model: UNet | UNetSkips, config: UNetSkipsConfig) -> None:
    if config.statistics == "none":
        initialize(model)
    # A copy starts from gray: pixel values lie in [0, 1], and nothing else says so.
    if model.up.output.bias is not None:
        nn.init.constant_(model.up.output.bias, 0.5)


def _channels(config: UNetSkipsConfig) -> int:
    if config.channels is None:
        raise ArgumentError("a U-Net must know its number of channels; give channels, or fit the config to data")
    return config.channels


def _check_images_for(config: UNetSkipsConfig, x: Images) -> None:
    channels, height, width = x.shape[1:]
    if channels != config.channels:
        raise ShapeError(
            f"the model takes images of {_counted(_channels(config))}, got {channels}; "
            f"convert the images, or train a model on images of {_counted(channels)}"
        )
    _check_sides(config, height, width)


def _counted(channels: int) -> str:
    return "1 channel" if channels == 1 else f"{channels} channels"


def _check_sides(config: UNetSkipsConfig, height: int, width: int) -> None:
    multiple = config.size_multiple
    if min(height, width) < 2 * multiple:
        raise ShapeError(
            f"image sides must be at least {2 * multiple} for {config.levels} levels, got {height}x{width}; "
            "enlarge the images, or build the model with fewer levels"
        )
    if height % multiple or width % multiple:
        raise ShapeError(
            f"image sides must be multiples of {multiple}, got {height}x{width}; "
            "pad the images, or build the model with fewer levels"
        )


def _by(shape: tuple[int, ...] | None) -> str:
    return "any size" if shape is None else f"{shape[-2]}x{shape[-1]}"
