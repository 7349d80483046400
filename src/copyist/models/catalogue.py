"""The written-out map from the name of a kind of model to its config."""

__all__ = ["MODELS"]

from copyist.models.attention import AttentionConfig
from copyist.models.attention_unet import AttentionUNetConfig
from copyist.models.base import ModelConfig
from copyist.models.classifier import ConvClassifierConfig
from copyist.models.conv import ConvConfig
from copyist.models.mlp import MLPConfig
from copyist.models.unet import UNetConfig, UNetSkipsConfig
from copyist.models.vit import ViTConfig

MODELS: dict[str, type[ModelConfig]] = {
    "attention": AttentionConfig,
    "attention-unet": AttentionUNetConfig,
    "conv": ConvConfig,
    "mlp": MLPConfig,
    "unet": UNetConfig,
    "unet-skips": UNetSkipsConfig,
    "conv-classifier": ConvClassifierConfig,
    "vit-classifier": ViTConfig,
}
"""By the name under which a model file and `copyist models` know them."""
