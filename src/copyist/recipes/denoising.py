"""Models trained to copy the clean image from a corrupted one."""

__all__ = ["blind_denoiser", "denoising_unet", "direct_denoiser"]

from dataclasses import replace

from copyist.corruption import Blend, GaussianNoise, OneOf
from copyist.models.dncnn import DnCNNConfig
from copyist.models.residual import ResidualConfig
from copyist.objectives import Denoising
from copyist.recipes.copying import unet
from copyist.training import Optimization, Recipe, Training


def denoising_unet(*, data: str = "photos") -> Recipe:
    """The U-Net trained to denoise: blends with any α from 0.1 to 1, or zero-mean noise up to σ = 0.5."""
    corruption = OneOf((Blend(alpha=(0.1, 1.0)), GaussianNoise(sigma=(0.0, 0.5))))
    return replace(unet(data=data), name="denoising-unet", objective=Denoising(corruption=corruption))


def blind_denoiser(*, data: str = "photos?channels=1") -> Recipe:
    """Twenty convolutions without biases that predict Gaussian noise of any σ up to 55/255; at full size, for a GPU."""
    return Recipe(
        name="blind-denoiser",
        data=data,
        model=ResidualConfig(model=DnCNNConfig(width=64, depth=20, biases=False)),
        objective=Denoising(corruption=GaussianNoise(sigma=(0.0, 55 / 255))),
        training=Training(
            steps=100_000,
            batch_size=128,
            averaging=0.999,
            validate_every=2000,
            save_every=2000,
            optimization=Optimization(learning_rate=1e-3, warmup=0.02),
        ),
    )


def direct_denoiser(*, data: str = "photos?channels=1") -> Recipe:
    """Twenty convolutions without biases that answer the clean image itself, and not the noise on it."""
    return replace(
        blind_denoiser(data=data), name="direct-denoiser", model=DnCNNConfig(width=64, depth=20, biases=False)
    )
