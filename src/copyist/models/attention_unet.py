"""The U-Net whose levels also attend, in parallel to a residual connection, without skips or with them."""

__all__ = ["AttentionUNet", "AttentionUNetConfig", "AttentionUNetSkips", "LevelsAttention"]

from dataclasses import dataclass
from typing import Literal, TypeAlias, final, get_args

from torch import Tensor, nn

from copyist.checks import check_choice, check_images
from copyist.models.base import Autoencoder, Reconstructor
from copyist.models.levels import LevelsConfig, Up, down, initialize_levels, maps_per_level
from copyist.nn.attention import AttentionKind, attention
from copyist.tensors import Codes, Images

LevelsAttention: TypeAlias = Literal["linear", "mixed"]
"""How the positions of all levels attend: linear everywhere, or by dot products at the lowest two."""


@dataclass(frozen=True, kw_only=True)
class AttentionUNetConfig(LevelsConfig):
    """The shape of an `AttentionUNet`, or of an `AttentionUNetSkips`."""

    attention: LevelsAttention = "linear"
    """How positions attend: `linear` at every level, or `mixed`, by dot products at the lowest two."""

    skips: bool = False
    """Whether the decoder is also handed the encoder's maps, so that there is no code."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("attention", self.attention, get_args(LevelsAttention))

    @property
    def attentions(self) -> tuple[AttentionKind, ...]:
        """How positions attend per level, from the full resolution down."""
        by_dots = 2 if self.attention == "mixed" else 0
        return tuple("dot" if level >= self.levels - by_dots else "linear" for level in range(self.levels))

    def build(self) -> Reconstructor:
        return AttentionUNetSkips(self) if self.skips else AttentionUNet(self)


@final
class AttentionUNet(Autoencoder):
    """The U-Net without skips, with h + attention(norm(h)) behind the block of each level, down and up.

    Source:
        Ho et al. (2020), appendix B, for the attention between the blocks of a U-Net; linear attention at the high
        resolutions, as in later implementations of it.
    """

    def __init__(self, config: AttentionUNetConfig) -> None:
        super().__init__()
        self._config = config
        self.uses_batch_statistics = config.statistics == "batch"
        self.size_multiple = config.size_multiple
        self.down, self.up = _attending(config)

    @property
    def config(self) -> AttentionUNetConfig:
        return self._config

    def check_input(self, x: Images) -> None:
        self._config.check_images(x)

    def encode(self, x: Images) -> Codes:
        h = x
        for block in self.down:
            h = block(h)
        return h

    def decode(self, z: Codes) -> Images:
        return self.up(z, ())


@final
class AttentionUNetSkips(Reconstructor):
    """The same with skips: at each level the decoder is also handed the encoder's maps. It has no code.

    Source:
        As for `AttentionUNet`, which diffusion models use with its skips.
    """

    def __init__(self, config: AttentionUNetConfig) -> None:
        super().__init__()
        self._config = config
        self.uses_batch_statistics = config.statistics == "batch"
        self.size_multiple = config.size_multiple
        self.down, self.up = _attending(config)

    @property
    def config(self) -> AttentionUNetConfig:
        return self._config

    def check_input(self, x: Images) -> None:
        self._config.check_images(x)

    def forward(self, x: Images) -> Images:
        check_images(x)
        self.check_input(x)
        *passed, h = maps_per_level(self.down, x)
        return self.up(h, tuple(passed))


class _Attended(nn.Module):
    """A block of convolutions to `maps` maps h, and h + attention(norm(h)) behind it."""

    def __init__(self, block: nn.Module, kind: AttentionKind, maps: int) -> None:
        super().__init__()
        self.block = block
        self.norm = nn.GroupNorm(1, maps)
        self.attention = attention(kind, maps)

    def forward(self, h: Tensor) -> Tensor:
        h = self.block(h)
        return h + self.attention(self.norm(h))


def _attending(config: AttentionUNetConfig) -> tuple[nn.ModuleList, Up]:
    encoder, decoder = down(config), Up(config, skips=config.skips)
    # What initializes the levels is made for rectified convolutions, and leaves the attention as PyTorch draws it.
    initialize_levels(nn.ModuleList([encoder, decoder]), decoder.output, config)
    levels = list(zip(config.attentions, config.widths, strict=True))
    encoder = _attended(encoder, levels)
    decoder.blocks = _attended(decoder.blocks, levels[-2::-1])
    return encoder, decoder


def _attended(blocks: nn.ModuleList, levels: list[tuple[AttentionKind, int]]) -> nn.ModuleList:
    return nn.ModuleList(_Attended(block, kind, maps) for block, (kind, maps) in zip(blocks, levels, strict=True))
