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
    "CodeLayer",
    "Conv",
    "ConvClassifier",
    "ConvClassifierConfig",
    "ConvConfig",
    "Dictionary",
    "DnCNN",
    "DnCNNConfig",
    "MLPConfig",
    "Masked",
    "MaskedViT",
    "MaskedViTConfig",
    "Model",
    "ModelConfig",
    "Reconstructor",
    "Residual",
    "ResidualConfig",
    "SparseMLP",
    "SparseMLPConfig",
    "Stack",
    "StackedClassifier",
    "StackedClassifierConfig",
    "UNet",
    "UNetConfig",
    "UNetSkips",
    "UNetSkipsConfig",
    "Variational",
    "VariationalMLP",
    "VariationalMLPConfig",
    "VariationalUNet",
    "VariationalUNetConfig",
    "ViT",
    "ViTConfig",
]

from copyist.models.attention import Attention, AttentionConfig
from copyist.models.attention_unet import AttentionUNet, AttentionUNetConfig, AttentionUNetSkips
from copyist.models.base import Autoencoder, Classifier, Model, Reconstructor
from copyist.models.catalogue import MODELS
from copyist.models.classifier import ConvClassifier, ConvClassifierConfig
from copyist.models.config import ClassifierConfig, ModelConfig
from copyist.models.conv import Conv, ConvConfig
from copyist.models.dncnn import DnCNN, DnCNNConfig
from copyist.models.families import CodeLayer, Dictionary, Masked, Stack, Variational
from copyist.models.masked import MaskedViT, MaskedViTConfig
from copyist.models.mlp import MLP, MLPConfig
from copyist.models.residual import Residual, ResidualConfig
from copyist.models.sparse import SparseMLP, SparseMLPConfig
from copyist.models.stacked import StackedClassifier, StackedClassifierConfig
from copyist.models.unet import UNet, UNetConfig, UNetSkips, UNetSkipsConfig
from copyist.models.variational import VariationalMLP, VariationalMLPConfig
from copyist.models.variational_unet import VariationalUNet, VariationalUNetConfig
from copyist.models.vit import ViT, ViTConfig
