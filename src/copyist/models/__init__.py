"""The copyists, one family per file."""

__all__ = [
    "MLP",
    "MODELS",
    "Attention",
    "AttentionConfig",
    "AttentionUNet",
    "AttentionUNetConfig",
    "AttentionUNetSkips",
    "Autoencoder",
    "MLPConfig",
    "ModelConfig",
    "Reconstructor",
    "UNet",
    "UNetConfig",
    "UNetSkips",
    "UNetSkipsConfig",
]

from copyist.models.attention import Attention, AttentionConfig
from copyist.models.attention_unet import AttentionUNet, AttentionUNetConfig, AttentionUNetSkips
from copyist.models.base import Autoencoder, ModelConfig, Reconstructor
from copyist.models.catalogue import MODELS
from copyist.models.mlp import MLP, MLPConfig
from copyist.models.unet import UNet, UNetConfig, UNetSkips, UNetSkipsConfig
