"""The masked autoencoder: a transformer that encodes the visible patches only, and a small one as decoder."""

__all__ = ["MaskedViT", "MaskedViTConfig"]

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from copyist.checks import check_at_least
from copyist.errors import ArgumentError
from copyist.models.contracts import Masked, TrainedOn
from copyist.models.shapes import check_shape, known_shape
from copyist.models.transformer import Positions, TransformerConfig, blocks, learned_positions, patch_embedding
from copyist.nn.patches import from_patches, to_patches
from copyist.tensors import Codes, Images


@dataclass(frozen=True, kw_only=True)
class MaskedViTConfig(TransformerConfig):
    """The shape of a `MaskedViT`; the first settings are its encoder's, and a `ViT` of the same can start from it."""

    positions: Positions = "sincos"
    """How learned positions are initialized, of encoder and decoder: training
    converges far sooner with `sincos`."""

    decoder_width: int = 48
    """Units per token of the decoder."""

    decoder_depth: int = 2
    """Blocks of the decoder."""

    decoder_heads: int = 4
    """Of each attention of the decoder; they divide its width."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("decoder_width", "decoder_depth", "decoder_heads"):
            check_at_least(name, getattr(self, name), 1)
        if self.decoder_width % self.decoder_heads:
            raise ArgumentError(
                f"decoder_width must be a multiple of decoder_heads, got {self.decoder_width} and {self.decoder_heads}"
            )

        self.check_sincos("decoder_width", self.decoder_width)

    def build(self) -> Masked:
        return MaskedViT(self)


@final
class MaskedViT(Masked):
    """Visible patches become tokens, and blocks of attention follow; a decoder fills in one token for each hidden one.

    The code is the normalized tokens, (B, n, D) for n visible patches in reading order. The encoder takes neither
    hidden patches nor mask tokens, so that its cost is that of n tokens. Its parts are called as in a `ViT`.

    Source:
        He et al. (2022), "Masked Autoencoders Are Scalable Vision Learners", section 3, with learned positions and
        without a token for the class.
    """

    def __init__(self, config: MaskedViTConfig) -> None:
        super().__init__()
        self._config = config
        self._shape = known_shape(config.image_shape, model="a masked ViT")
        self.trained_on = TrainedOn(image_shape=self._shape)
        self.image_size = self._shape[1:]
        self.patch = config.patch
        self.embed = patch_embedding(self._shape, config)
        self.positions = learned_positions(self._shape, config, width=config.width)
        self.blocks = blocks(config.width, heads=config.heads, depth=config.depth)
        self.norm = nn.LayerNorm(config.width)
        self.decoder = MaskedDecoder(config, self._shape)

    @property
    def config(self) -> MaskedViTConfig:
        return self._config

    def check_input(self, x: Images) -> None:
        check_shape(x, self._shape)

    def encode_patches(self, x: Images, places: Tensor) -> Codes:
        h = self.embed(_select_tokens(to_patches(x, size=self.patch), places))  # (B, n, D)
        h = h + _select_tokens(self.positions.expand(x.shape[0], -1, -1), places)
        return self.norm(self.blocks(h))

    def decode_patches(self, z: Codes, places: Tensor) -> Images:
        patches = self.decoder(z, places)
        return from_patches(patches, size=self.patch, image_size=(self._shape[1], self._shape[2]))


class MaskedDecoder(nn.Module):
    """Tokens of visible patches (B, n, D) and their places (B, n) to the values of all patches (B, N, C·patch²)."""

    def __init__(self, config: MaskedViTConfig, image_shape: tuple[int, int, int]) -> None:
        super().__init__()
        width = config.decoder_width
        self.enter = nn.Linear(config.width, width)
        self.hidden = nn.Parameter(0.02 * torch.randn(1, 1, width))
        self.positions = learned_positions(image_shape, config, width=width)
        self.blocks = blocks(width, heads=config.decoder_heads, depth=config.decoder_depth)
        self.norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, image_shape[0] * config.patch**2)

    def forward(self, z: Tensor, places: Tensor) -> Tensor:
        entered = self.enter(z)  # (B, n, W)
        all_hidden = self.hidden.to(entered.dtype).expand(z.shape[0], self.positions.shape[1], -1)  # (B, N, W)
        h = all_hidden.scatter(1, _as_index(places, entered), entered)
        return self.output(self.norm(self.blocks(h + self.positions)))


def _select_tokens(tokens: Tensor, places: Tensor) -> Tensor:
    """The tokens (B, n, D) at places (B, n), out of all tokens (B, N, D)."""
    return tokens.gather(1, _as_index(places, tokens))


def _as_index(places: Tensor, tokens: Tensor) -> Tensor:
    return places[:, :, None].expand(-1, -1, tokens.shape[2])
