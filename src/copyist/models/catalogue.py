"""The written-out map from the name of a kind of model to its config."""

__all__ = ["MODELS"]

from copyist.models.attention import AttentionConfig
from copyist.models.contracts import ModelConfig
from copyist.models.conv import ConvConfig
from copyist.models.conv_classifier import ConvClassifierConfig
from copyist.models.diffusion_unet import DiffusionUNetConfig
from copyist.models.dncnn import DnCNNConfig
from copyist.models.image_codec import ImageCodecConfig
from copyist.models.latent_diffusion import LatentDiffusionConfig
from copyist.models.masked_vit import MaskedViTConfig
from copyist.models.mlp import MLPConfig
from copyist.models.residual import ResidualConfig
from copyist.models.sparse_mlp import SparseMLPConfig
from copyist.models.stacked_classifier import StackedClassifierConfig
from copyist.models.unet import UNetConfig
from copyist.models.variational_mlp import VariationalMLPConfig
from copyist.models.variational_unet import VariationalUNetConfig
from copyist.models.vit_classifier import ViTConfig

MODELS: dict[str, type[ModelConfig]] = {
    "attention": AttentionConfig,
    "dncnn": DnCNNConfig,
    "masked-vit": MaskedViTConfig,
    "conv": ConvConfig,
    "mlp": MLPConfig,
    "residual": ResidualConfig,
    "sparse-mlp": SparseMLPConfig,
    "unet": UNetConfig,
    "variational-mlp": VariationalMLPConfig,
    "variational-unet": VariationalUNetConfig,
    "diffusion-unet": DiffusionUNetConfig,
    "image-codec": ImageCodecConfig,
    "latent-diffusion": LatentDiffusionConfig,
    "conv-classifier": ConvClassifierConfig,
    "stacked-classifier": StackedClassifierConfig,
    "vit-classifier": ViTConfig,
}
"""The class of each model's config, by the name of the model in files and in `copyist models`."""
