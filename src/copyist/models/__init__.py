"""The copyists, one family per file, and the classifiers beside them."""

__all__ = [
    "MLP",
    "MODELS",
    "Attention",
    "AttentionConfig",
    "AttentionUNet",
    "AttentionUNetConfig",
    "AttentionUNetSkips",
    "Autoencoder",
    "Classifier",
    "ClassifierConfig",
    "ConvClassifier",
    "ConvClassifierConfig",
    "MLPConfig",
    "Masked",
    "MaskedViT",
    "MaskedViTConfig",
    "Model",
    "ModelConfig",
    "Reconstructor",
    "UNet",
    "UNetConfig",
    "UNetSkips",
    "UNetSkipsConfig",
    "ViT",
    "ViTConfig",
]

from copyist.models.attention import Attention, AttentionConfig
from copyist.models.attention_unet import AttentionUNet, AttentionUNetConfig, AttentionUNetSkips
from copyist.models.base import Autoencoder, Classifier, ClassifierConfig, Masked, Model, ModelConfig, Reconstructor
from copyist.models.catalogue import MODELS
from copyist.models.classifier import ConvClassifier, ConvClassifierConfig
from copyist.models.masked import MaskedViT, MaskedViTConfig
from copyist.models.mlp import MLP, MLPConfig
from copyist.models.unet import UNet, UNetConfig, UNetSkips, UNetSkipsConfig
from copyist.models.vit import ViT, ViTConfig
