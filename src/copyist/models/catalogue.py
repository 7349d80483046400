"""The written-out map from the name of a kind of model to its config."""

__all__ = ["MODELS"]

from copyist.models.attention import AttentionConfig
from copyist.models.attention_unet import AttentionUNetConfig
from copyist.models.classifier import ConvClassifierConfig
from copyist.models.config import ModelConfig
from copyist.models.conv import ConvConfig
from copyist.models.dncnn import DnCNNConfig
from copyist.models.masked import MaskedViTConfig
from copyist.models.mlp import MLPConfig
from copyist.models.residual import ResidualConfig
from copyist.models.sparse import SparseMLPConfig
from copyist.models.stacked import StackedClassifierConfig
from copyist.models.unet import UNetConfig, UNetSkipsConfig
from copyist.models.variational import VariationalMLPConfig
from copyist.models.variational_unet import VariationalUNetConfig
from copyist.models.vit import ViTConfig

MODELS: dict[str, type[ModelConfig]] = {
    "attention": AttentionConfig,
    "attention-unet": AttentionUNetConfig,
    "dncnn": DnCNNConfig,
    "masked-vit": MaskedViTConfig,
    "conv": ConvConfig,
    "mlp": MLPConfig,
    "residual": ResidualConfig,
    "sparse-mlp": SparseMLPConfig,
    "unet": UNetConfig,
    "unet-skips": UNetSkipsConfig,
    "variational-mlp": VariationalMLPConfig,
    "variational-unet": VariationalUNetConfig,
    "conv-classifier": ConvClassifierConfig,
    "stacked-classifier": StackedClassifierConfig,
    "vit-classifier": ViTConfig,
}
"""By the name under which a model file and `copyist models` know them."""
