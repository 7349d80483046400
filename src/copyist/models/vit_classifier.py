"""A small vision transformer as a classifier, whose layers can be inverted one by one."""

__all__ = ["ViT", "ViTConfig"]

from dataclasses import dataclass
from typing import final

from torch import nn

from copyist.models.contracts import Classifier, ClassifierConfig, TrainedOn
from copyist.models.shapes import check_shape, known_shape
from copyist.models.transformer import TransformerConfig, blocks, learned_positions, patch_embedding
from copyist.nn.patches import to_patches
from copyist.tensors import Features, Images


@dataclass(frozen=True, kw_only=True)
class ViTConfig(TransformerConfig, ClassifierConfig):
    """The shape of a `ViT`."""

    def __post_init__(self) -> None:
        TransformerConfig.__post_init__(self)
        ClassifierConfig.__post_init__(self)

    def build(self) -> Classifier:
        return ViT(self)


@final
class ViT(Classifier):
    """Patches become tokens by a linear layer, learned positions are added, and blocks of attention follow.

    The blocks are `blocks.0` to `blocks.{depth − 1}`, tokens (B, N, D) to tokens. The features are the mean of the
    normalized tokens, of which there are D. All but the head is called as in a `MaskedViT`, whose encoder it may
    start from.

    Source:
        Dosovitskiy et al. (2021), equations 1 to 4, with the mean of the tokens in place of a token for the class.
    """

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        num_classes = config.known_classes()
        self._config = config
        self._shape = known_shape(config.image_shape, model="a ViT")
        self.trained_on = TrainedOn(image_shape=self._shape)
        self.image_size = self._shape[1:]
        self.embed = patch_embedding(self._shape, config)
        self.positions = learned_positions(self._shape, config, width=config.width)
        self.blocks = blocks(config.width, heads=config.heads, depth=config.depth)
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, num_classes)

    @property
    def config(self) -> ViTConfig:
        return self._config

    def check_input(self, x: Images) -> None:
        check_shape(x, self._shape)

    def features(self, x: Images) -> Features:
        h = self.embed(to_patches(x, size=self._config.patch)) + self.positions  # (B, N, D)
        return self.norm(self.blocks(h)).mean(1)
