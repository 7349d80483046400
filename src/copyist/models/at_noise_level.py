"""A diffusion model at one noise level: a denoiser like any other, from images to images."""

__all__ = ["AtNoiseLevel", "denoiser_at"]

from typing import final

from torch import Tensor

from copyist.checks import check_positive
from copyist.errors import ContractError
from copyist.models.contracts import Diffusion, Model, ModelConfig, Reconstructor, needs
from copyist.tensors import Images


def denoiser_at(model: Model, sigma: float, *, verb: str) -> Reconstructor:
    """The denoiser of this noise level: a diffusion model at it, or a model that copies as it is.

    Args:
        model: of either kind.
        sigma: standard deviation of the noise, in units of pixel value.
        verb: what asks.

    Raises:
        ContractError: the model is of neither kind, or its noise levels are those of codes.
        ArgumentError: sigma is not greater than 0.
    """
    return AtNoiseLevel(model, sigma) if isinstance(model, Diffusion) else needs(model, Reconstructor, verb=verb)


@final
class AtNoiseLevel(Reconstructor):
    """x̂ = D(x̃; σ) of a diffusion model D of images, at one σ in units of pixel value."""

    def __init__(self, model: Diffusion, sigma: float) -> None:
        """Fix the noise level of a model.

        Raises:
            ContractError: its noise levels are those of codes.
            ArgumentError: sigma is not greater than 0.
        """
        super().__init__()
        check_positive("sigma", sigma)
        if not model.takes_noisy_images:
            raise ContractError(
                f"a noise level of pixels is known to a diffusion model of images, and {type(model).__name__} is one "
                "of codes; take one that was trained by the recipe diffusion"
            )
        self.model, self.sigma = model, sigma
        self.uses_batch_statistics, self.weighs_images = model.uses_batch_statistics, model.weighs_images
        self.size_multiple, self.image_size = model.size_multiple, model.image_size
        self.receptive_radius = model.receptive_radius
        self.trained_on = model.trained_on

    @property
    def config(self) -> ModelConfig:
        return self.model.config

    def check_input(self, x: Tensor) -> None:
        self.model.check_input(x)

    def forward(self, x: Images) -> Images:
        return self.model(x, x.new_full((len(x),), self.sigma))
