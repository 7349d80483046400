"""The U-Net without skips, which must pass everything through its code; and the one with skips, as its control."""

__all__ = ["UNet", "UNetConfig", "UNetSkips"]

from dataclasses import dataclass, replace
from typing import Self, final

from torch import nn
from torch.nn import functional as F

from copyist.checks import check_at_least
from copyist.errors import ArgumentError, ShapeError
from copyist.models.contracts import Autoencoder, Reconstructor
from copyist.models.levels import AttendingLevelsConfig, Down, Up, add_attention, initialize_levels
from copyist.models.shapes import image_shape
from copyist.nn.bottleneck import Bottleneck
from copyist.settings import later
from copyist.tensors import Codes, Images


@dataclass(frozen=True, kw_only=True)
class UNetConfig(AttendingLevelsConfig):
    """The shape of a `UNet`, or of a `UNetSkips`."""

    hidden: tuple[int, ...] = ()
    """Units per linear layer of a module between encoder and decoder, such as (500, 100, 500); empty for none."""

    image_size: tuple[int, int] | None = None
    """(H, W) of all images, which only `hidden` needs to know; None takes the data's."""

    code_channels: int | None = later(None)
    """Maps of the code, by a 1×1 convolution from the lowest level's and one back; None takes those themselves."""

    skips: bool = later(False)
    """Whether the decoder also takes the encoder's maps through skip connections, so that there is no code."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for units in self.hidden:
            check_at_least("hidden", units, 1)
        if self.code_channels is not None:
            check_at_least("code_channels", self.code_channels, 1)
            if self.skips or self.hidden:
                raise ArgumentError(
                    "a code of a number of maps needs a U-Net without skips and without a hidden module"
                )
        if self.skips and self.hidden:
            raise ArgumentError("a U-Net with skips has no code to put a hidden module into; take skips=false")

    def fitted(self, shape: tuple[int, ...]) -> Self:
        fitted = super().fitted(shape)
        if not self.hidden:
            return fitted
        size = image_shape(shape)[1:]
        if self.image_size not in (None, size):
            raise ShapeError(f"the hidden module was built for images of {_by(self.image_size)}, got {_by(size)}")
        return replace(fitted, image_size=size)

    def build(self) -> Reconstructor:
        return UNetSkips(self) if self.skips else UNet(self)


@final
class UNet(Autoencoder):
    """Blocks of convolutions down to a code of small maps and up again, without skip connections.

    Source:
        Ronneberger et al. (2015), figure 1, without the skips. Residual blocks, and attention behind them, where
        there are any, are those of Ho et al. (2020), appendix B; attention is linear at the high resolutions, as in
        later implementations of it.
    """

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self._config = config
        self.uses_batch_statistics = self.weighs_images = config.statistics == "batch"
        self.size_multiple = config.size_multiple
        self.receptive_radius = None if config.hidden else config.receptive_radius
        self.image_size = config.image_size
        self.down = Down(config)
        self.hidden = _hidden(config)
        self.up = Up(config, skips=False)
        self.narrow = self.widen = None
        if config.code_channels is not None:
            self.narrow = nn.Conv2d(config.widths[-1], config.code_channels, 1)
            self.widen = nn.Conv2d(config.code_channels, config.widths[-1], 1)
        initialize_levels(self, self.up.output, config)
        add_attention(config, self.down, self.up)
        if config.code_channels is not None:
            # All gray at first: Adam remembers large gradients of random copies for a thousand steps.
            nn.init.zeros_(self.up.output.weight)

    @property
    def config(self) -> UNetConfig:
        return self._config

    def check_input(self, x: Images) -> None:
        self._config.check_images(x)
        if self.image_size is not None and tuple(x.shape[2:]) != self.image_size:
            raise ShapeError(
                f"the model's hidden module takes images of {_by(self.image_size)} only, got {_by(tuple(x.shape))}; "
                f"resize the images (?size={_by(self.image_size)}), "
                "or train a U-Net without a hidden module (--set hidden=[])"
            )

    def encode(self, x: Images) -> Codes:
        h = self.down(x)[-1]
        if self.narrow is not None:
            return self.narrow(h)
        return h if self.hidden is None else self.hidden.encode(h)

    def decode(self, z: Codes) -> Images:
        if self.widen is not None:
            return self.up(F.relu(self.widen(z)))
        return self.up(z if self.hidden is None else self.hidden.decode(z))


@final
class UNetSkips(Reconstructor):
    """The U-Net with its skips: at each level the decoder also takes the encoder's maps. It has no code.

    Source:
        Ronneberger et al. (2015), figure 1, with padded convolutions; residual blocks and attention as in a `UNet`.
    """

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self._config = config
        self.uses_batch_statistics = self.weighs_images = config.statistics == "batch"
        self.size_multiple = config.size_multiple
        self.receptive_radius = config.receptive_radius
        self.down = Down(config)
        self.up = Up(config, skips=True)
        initialize_levels(self, self.up.output, config)
        add_attention(config, self.down, self.up)

    @property
    def config(self) -> UNetConfig:
        return self._config

    def check_input(self, x: Images) -> None:
        self._config.check_images(x)

    def forward(self, x: Images) -> Images:
        *passed, h = self.down(x)
        return self.up(h, passed)


def _hidden(config: UNetConfig) -> Bottleneck | None:
    if not config.hidden:
        return None
    if config.image_size is None:
        raise ArgumentError("a U-Net with a hidden module must know its image_size; give it, or fit the config to data")
    height, width = (side // config.size_multiple for side in config.image_size)
    return Bottleneck(maps=config.widths[-1], size=(height, width), widths=config.hidden)


def _by(shape: tuple[int, ...] | None) -> str:
    return "any size" if shape is None else f"{shape[-2]}x{shape[-1]}"
