"""A reconstructor of one attention layer, between two convolutions or alone: global reach, and no bottleneck."""

__all__ = ["Attention", "AttentionConfig"]

from dataclasses import dataclass, replace
from typing import Self, final

from torch import nn

from copyist.checks import check_choice, check_whole
from copyist.models.contracts import ModelConfig, Reconstructor
from copyist.models.shapes import check_channels, fitted_channels, known_channels
from copyist.nn.attention import ATTENTIONS, AttentionKind, attention
from copyist.tensors import Images


@dataclass(frozen=True, kw_only=True)
class AttentionConfig(ModelConfig):
    """The shape of an `Attention`."""

    channels: int | None = None
    """Channels of an image; None takes the data's."""

    attention: AttentionKind = "linear"
    """How positions attend: at a cost linear in their number, or quadratic by dot products."""

    maps: int | None = 64
    """Feature maps between the convolutions; None for no convolutions: attention alone takes pixels to pixels."""

    residual: bool = False
    """Whether the attention's maps are added to those it was given, instead of taking their place."""

    heads: int = 4
    """How many attend side by side."""

    head_width: int = 32
    """Features per head."""

    def __post_init__(self) -> None:
        for name in ("heads", "head_width"):
            check_whole(name, getattr(self, name), 1)
        for name in ("channels", "maps"):
            if getattr(self, name) is not None:
                check_whole(name, getattr(self, name), 1)
        check_choice("attention", self.attention, ATTENTIONS)

    def fitted(self, shape: tuple[int, ...]) -> Self:
        return replace(self, channels=fitted_channels(self.channels, shape))

    def build(self) -> Reconstructor:
        return Attention(self)


@final
class Attention(Reconstructor):
    """A 3×3 convolution, attention, and a 3×3 convolution, without activations and without positional embeddings.

    Images may have any size. There is no code: the maps are as large as the image.
    """

    def __init__(self, config: AttentionConfig) -> None:
        super().__init__()
        self._config = config
        self._channels = known_channels(config.channels, model="a model that attends")
        maps = config.maps or self._channels
        self.input = nn.Identity() if config.maps is None else nn.Conv2d(self._channels, maps, 3, padding=1)
        self.attention = attention(config.attention, maps, heads=config.heads, head_width=config.head_width)
        self.output = nn.Identity() if config.maps is None else _to_pixels(maps, self._channels)

    @property
    def config(self) -> AttentionConfig:
        return self._config

    def check_input(self, x: Images) -> None:
        check_channels(x, self._channels)

    def forward(self, x: Images) -> Images:
        h = self.input(x)
        attended = self.attention(h)
        return self.output(h + attended if self._config.residual else attended)


def _to_pixels(maps: int, channels: int) -> nn.Conv2d:
    output = nn.Conv2d(maps, channels, 3, padding=1)
    # A copy starts from gray: pixel values lie in [0, 1], and nothing else says so.
    if output.bias is not None:
        nn.init.constant_(output.bias, 0.5)
    return output
