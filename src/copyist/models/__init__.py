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
    "Conv",
    "ConvClassifier",
    "ConvClassifierConfig",
    "ConvConfig",
    "MLPConfig",
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
from copyist.models.base import Autoencoder, Classifier, ClassifierConfig, Model, ModelConfig, Reconstructor
from copyist.models.catalogue import MODELS
from copyist.models.classifier import ConvClassifier, ConvClassifierConfig
from copyist.models.conv import Conv, ConvConfig
from copyist.models.mlp import MLP, MLPConfig
from copyist.models.unet import UNet, UNetConfig, UNetSkips, UNetSkipsConfig
from copyist.models.vit import ViT, ViTConfig
