"""Diffusion in the code of an autoencoder: a frozen first stage, and a denoiser of its standardized codes."""

__all__ = ["LatentDiffusion", "LatentDiffusionConfig", "to_maps"]

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self, final

import torch
from torch import Tensor

from copyist.errors import ArgumentError, ContractError, ShapeError
from copyist.metrics.moments import ChannelMoments, channel_moments
from copyist.models.code_size import code_shape
from copyist.models.contracts import Autoencoder, Diffusion, Masked, ModelConfig, Path, needs
from copyist.models.diffusion_unet import DiffusionUNet, DiffusionUNetConfig
from copyist.models.levels import size_multiple
from copyist.tensors import Codes, Images

_DENOISER = DiffusionUNetConfig(width=64, levels=2, center=0.0, spread=1.0, of_codes=True)


@dataclass(frozen=True, kw_only=True)
class LatentDiffusionConfig(ModelConfig):
    """The shape of a `LatentDiffusion`."""

    first_stage: ModelConfig | None = None
    """The autoencoder of images; None takes that which the run trains before, or is given."""

    denoiser: DiffusionUNetConfig = _DENOISER
    """The denoiser of codes; its channels are those of the codes, and its center and spread 0 and 1, whatever it says,
    since codes are standardized."""

    def fitted(self, shape: tuple[int, ...]) -> Self:
        if self.first_stage is None:
            return self
        first_stage = self.first_stage.fitted(shape)
        # Weights are drawn from torch's global generator, which is left as it was found.
        with torch.random.fork_rng(devices=[]):
            model = needs(first_stage.build(), Autoencoder, verb="latent diffusion")
        found = _maps_shape(model, shape)
        _check_levels(self.denoiser.levels, found[1:])
        denoiser = replace(self.denoiser, center=0.0, spread=1.0, of_codes=True).fitted(found)
        return replace(self, first_stage=first_stage, denoiser=denoiser)

    def with_classes(self, num_classes: int) -> Self:
        return replace(self, denoiser=self.denoiser.with_classes(num_classes))

    def build(self) -> Diffusion:
        return LatentDiffusion(self)


@final
class LatentDiffusion(Diffusion):
    """A diffusion model of codes: `forward` takes the noise off codes that `to_space` made of images.

        u = (E(x) − mean) / std,  x̂ = D(mean + std·u)

    with the mean and the standard deviation of each channel of the codes of the training images, which are measured
    before the denoiser's first step (`set_first_stage`). The first stage is frozen, and is a part of the model's file.

    Source:
        Rombach et al. (2022), "High-Resolution Image Synthesis with Latent Diffusion Models", section 3, with a mean
        and a deviation per channel in place of one factor.
    """

    def __init__(self, config: LatentDiffusionConfig) -> None:
        super().__init__()
        if config.first_stage is None:
            raise ArgumentError(
                "a latent diffusion model must have a first stage, got none; give one (--first-stage MODEL)"
            )
        self._config = config
        self.first_stage = needs(config.first_stage.build(), Autoencoder, verb="latent diffusion")
        self.first_stage.requires_grad_(False)
        self.denoiser = DiffusionUNet(config.denoiser)
        self.center, self.spread, self.num_classes = 0.0, 1.0, config.denoiser.num_classes
        self.path: Path = self.denoiser.path
        self.uses_batch_statistics = self.first_stage.uses_batch_statistics
        self.weighs_images = self.first_stage.weighs_images
        self.image_size = self.first_stage.image_size
        # The denoiser halves the codes further.
        self.size_multiple = self.first_stage.size_multiple * self.denoiser.size_multiple
        channels = config.denoiser.known_channels
        for name, value in (("mean", 0.0), ("std", 1.0), ("skewness", 0.0), ("kurtosis", 0.0)):
            self.register_buffer(f"code_{name}", torch.full((channels,), value))

    @property
    def config(self) -> LatentDiffusionConfig:
        return self._config

    @property
    def moments(self) -> ChannelMoments:
        """Of each channel of the codes of the training images, before they are standardized."""
        buffers = (self.get_buffer(f"code_{name}") for name in ("mean", "std", "skewness", "kurtosis"))
        mean, std, skewness, kurtosis = buffers
        return ChannelMoments(mean=mean, std=std, skewness=skewness, kurtosis=kurtosis)

    def check_input(self, x: Tensor) -> None:
        self.denoiser.check_input(x)

    def forward(self, x: Codes, sigma: Tensor | None = None, labels: Tensor | None = None) -> Codes:
        return self.denoiser(x, sigma, labels)

    def space_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return _maps_shape(self.first_stage, shape)

    def to_space(self, x: Images) -> Codes:
        mean, std = self.moments.mean, self.moments.std
        return (self.encode_maps(x) - mean[:, None, None]) / std[:, None, None]

    def from_space(self, z: Codes) -> Images:
        maps = self.moments.mean[:, None, None] + self.moments.std[:, None, None] * z
        is_tokens = isinstance(self.first_stage, Masked)
        return self.first_stage.decode(maps.flatten(2).transpose(1, 2) if is_tokens else maps)

    def encode_maps(self, x: Images) -> Codes:
        """The codes (B, c, h, w) of images (B, C, H, W), in units of their own."""
        return to_maps(self.first_stage, self.first_stage.encode(x), x.shape[2:])

    @torch.no_grad()
    def set_first_stage(self, first_stage: Autoencoder) -> None:
        """Take over the weights of a first stage of the same shape."""
        self.first_stage.load_state_dict(first_stage.state_dict())

    @torch.no_grad()
    def set_moments(self, parts: Iterable[Codes]) -> None:
        """Standardize by the moments of codes (B, c, h, w) in units of their own, which come in parts.

        Raises:
            ArgumentError: a code is not finite.
        """
        found = channel_moments(parts)
        # A channel that is constant is left to be so.
        std = torch.where(found.std > 0, found.std, 1)
        values = {"mean": found.mean, "std": std, "skewness": found.skewness, "kurtosis": found.kurtosis}
        for name, value in values.items():
            self.get_buffer(f"code_{name}").copy_(value)


def to_maps(first_stage: Autoencoder, z: Codes, size: tuple[int, ...]) -> Codes:
    """Codes (B, c, h, w) as they are; tokens (B, N, D) of patches of images of this (H, W) as maps (B, D, h, w).

    Raises:
        ContractError: the codes are neither.
    """
    if isinstance(first_stage, Masked) and z.ndim == 3:
        return z.transpose(1, 2).unflatten(2, (size[0] // first_stage.patch, size[1] // first_stage.patch))
    if z.ndim != 4:
        raise ContractError(
            f"a first stage must have a code of maps (c, h, w), got one of {math.prod(z.shape[1:])} values of shape "
            f"{tuple(z.shape[1:])}; take a model whose code keeps positions, such as that of the recipe autoencoder"
        )
    return z


def _maps_shape(first_stage: Autoencoder, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape (c, h, w) of the code of an image (C, H, W)."""
    if len(shape) != 3:
        raise ShapeError(f"a first stage must be given images (C, H, W), got {shape}; take images, not a table")
    found = code_shape(first_stage, shape)
    assert found is not None
    return tuple(to_maps(first_stage, torch.zeros(1, *found), shape[1:]).shape[1:])


def _check_levels(levels: int, size: tuple[int, ...]) -> None:
    """Refuse a denoiser whose levels halve codes of this (h, w) to uneven sides, or to less than two positions.

    Raises:
        ShapeError: in one sentence, with the number of levels that would do.
    """

    def fits(levels: int) -> bool:
        return all(side % size_multiple(levels) == 0 and side >= 2 * size_multiple(levels) for side in size)

    if not fits(levels):
        fit = next((fewer for fewer in range(levels, 0, -1) if fits(fewer)), None)
        fewer = "" if fit is None else f"take fewer (--set denoiser.levels={fit}), or "
        raise ShapeError(
            f"codes must have sides of at least {2 * size_multiple(levels)}, and multiples of {size_multiple(levels)}, "
            f"for a denoiser of {levels} levels, got {size[0]}x{size[1]}; {fewer}take larger images, or a first stage "
            "that makes them smaller by less"
        )
