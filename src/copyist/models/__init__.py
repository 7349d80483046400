"""The models: autoencoders and other reconstructors, one family per file, and classifiers."""

__all__ = [
    "MLP",
    "MODELS",
    "Affine",
    "AffineEncoder",
    "Attention",
    "AttentionConfig",
    "Autoencoder",
    "Classifier",
    "ClassifierConfig",
    "Compressor",
    "Conv",
    "ConvClassifier",
    "ConvClassifierConfig",
    "ConvConfig",
    "Dictionary",
    "Diffusion",
    "DiffusionUNet",
    "DiffusionUNetConfig",
    "DnCNN",
    "DnCNNConfig",
    "ImageCodec",
    "ImageCodecConfig",
    "LatentDiffusion",
    "LatentDiffusionConfig",
    "MLPConfig",
    "Masked",
    "MaskedViT",
    "MaskedViTConfig",
    "Model",
    "ModelConfig",
    "Pretrainable",
    "PretrainableConfig",
    "Reconstructor",
    "Residual",
    "ResidualConfig",
    "SparseMLP",
    "SparseMLPConfig",
    "Stack",
    "StackedClassifier",
    "StackedClassifierConfig",
    "TrainedOn",
    "UNet",
    "UNetConfig",
    "UNetSkips",
    "Variational",
    "VariationalMLP",
    "VariationalMLPConfig",
    "VariationalUNet",
    "VariationalUNetConfig",
    "ViT",
    "ViTConfig",
    "code_ratio",
    "code_shape",
    "needs",
]

from copyist.models.attention import Attention, AttentionConfig
from copyist.models.catalogue import MODELS
from copyist.models.code_size import code_ratio, code_shape
from copyist.models.contracts import (
    Affine,
    AffineEncoder,
    Autoencoder,
    Classifier,
    ClassifierConfig,
    Compressor,
    Dictionary,
    Diffusion,
    Masked,
    Model,
    ModelConfig,
    Pretrainable,
    PretrainableConfig,
    Reconstructor,
    Stack,
    TrainedOn,
    Variational,
    needs,
)
from copyist.models.conv import Conv, ConvConfig
from copyist.models.conv_classifier import ConvClassifier, ConvClassifierConfig
from copyist.models.diffusion_unet import DiffusionUNet, DiffusionUNetConfig
from copyist.models.dncnn import DnCNN, DnCNNConfig
from copyist.models.image_codec import ImageCodec, ImageCodecConfig
from copyist.models.latent_diffusion import LatentDiffusion, LatentDiffusionConfig
from copyist.models.masked_vit import MaskedViT, MaskedViTConfig
from copyist.models.mlp import MLP, MLPConfig
from copyist.models.residual import Residual, ResidualConfig
from copyist.models.sparse_mlp import SparseMLP, SparseMLPConfig
from copyist.models.stacked_classifier import StackedClassifier, StackedClassifierConfig
from copyist.models.unet import UNet, UNetConfig, UNetSkips
from copyist.models.variational_mlp import VariationalMLP, VariationalMLPConfig
from copyist.models.variational_unet import VariationalUNet, VariationalUNetConfig
from copyist.models.vit_classifier import ViT, ViTConfig
