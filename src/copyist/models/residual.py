"""What is to be taken off rather than what is to stay: a model's answer subtracted from its input."""

__all__ = ["Residual", "ResidualConfig"]

from dataclasses import dataclass, replace
from typing import Self, final

from copyist.checks import check_images
from copyist.models.base import ModelConfig, Reconstructor
from copyist.models.channels import image_shape
from copyist.models.dncnn import DnCNNConfig
from copyist.tensors import Images

_PLAIN = DnCNNConfig()


@dataclass(frozen=True, kw_only=True)
class ResidualConfig(ModelConfig):
    """The shape of a `Residual`."""

    model: ModelConfig = _PLAIN
    """The model that says what to take off; any that copies."""

    def fitted(self, shape: tuple[int, ...]) -> Self:
        return replace(self, model=self.model.fitted(image_shape(shape)))

    def build(self) -> Reconstructor:
        return Residual(self)


@final
class Residual(Reconstructor):
    """x̂ = x̃ − f(x̃), for a model f that copies: trained to denoise, it predicts the noise.

    The input passes around f, so that there is no code, and trained only to copy it need learn nothing.

    Source:
        Zhang et al. (2017), "Beyond a Gaussian Denoiser", section III-B.
    """

    def __init__(self, config: ResidualConfig) -> None:
        super().__init__()
        self._config = config
        self.model = config.model.build().as_reconstructor(verb="a residual model")
        self.uses_batch_statistics = self.model.uses_batch_statistics
        self.size_multiple = self.model.size_multiple
        self.image_shape = self.model.image_shape
        self.image_size = self.model.image_size

    @property
    def config(self) -> ResidualConfig:
        return self._config

    def check_input(self, x: Images) -> None:
        self.model.check_input(x)

    def forward(self, x: Images) -> Images:
        check_images(x)
        return x - self.model(x)
