"""Convolutions in a row at the full size of the image: the plain denoiser, with biases or without any."""

__all__ = ["DnCNN", "DnCNNConfig"]

from dataclasses import dataclass, replace
from typing import Literal, Self, TypeAlias, final

from torch import nn

from copyist.checks import check_choice, check_whole
from copyist.models.contracts import ModelConfig, Reconstructor
from copyist.models.shapes import check_channels, fitted_channels, known_channels
from copyist.nn.conv import initialize
from copyist.nn.norm import RunningScale, normalization
from copyist.tensors import Images

PlainStatistics: TypeAlias = Literal["running", "none"]
"""The statistics of the normalization: those of batches, with running averages in evaluation mode; or none."""


@dataclass(frozen=True, kw_only=True)
class DnCNNConfig(ModelConfig):
    """The shape of a `DnCNN`."""

    channels: int | None = None
    """Channels of an image; None takes the data's."""

    width: int = 64
    """Maps of every layer but the last."""

    depth: int = 17
    """Number of 3×3 convolutions; an output pixel depends on input pixels up to `depth` away."""

    statistics: PlainStatistics = "running"
    """What normalizes every layer but the first and last."""

    biases: bool = True
    """Whether layers have additive terms; without, the model is homogeneous: f(c·x) = c·f(x) for c > 0."""

    def __post_init__(self) -> None:
        if self.channels is not None:
            check_whole("channels", self.channels, 1)
        check_whole("width", self.width, 1)
        check_whole("depth", self.depth, 2)
        check_choice("statistics", self.statistics, ("running", "none"))

    def fitted(self, shape: tuple[int, ...]) -> Self:
        return replace(self, channels=fitted_channels(self.channels, shape))

    def build(self) -> Reconstructor:
        return DnCNN(self)


@final
class DnCNN(Reconstructor):
    """Convolution and ReLU; convolution, normalization and ReLU; and again; convolution. Images of any size, no code.

    As it was published it predicts the noise: put it into a `Residual`. Without biases it is linear in a neighborhood
    of each image, and generalizes to noise levels outside its training range.

    Source:
        Zhang et al. (2017), "Beyond a Gaussian Denoiser", figure 1; Mohan et al. (2020), "Robust and Interpretable
        Blind Image Denoising via Bias-Free Convolutional Neural Networks", section 4, for the one without biases.
    """

    def __init__(self, config: DnCNNConfig) -> None:
        super().__init__()
        self._config = config
        self.receptive_radius = config.depth
        self._channels = known_channels(config.channels, model="a DnCNN")
        width = config.width
        layers: list[nn.Module] = [_convolution(self._channels, width, biases=config.biases), nn.ReLU()]
        for _ in range(config.depth - 2):
            # A bias in front of a normalization is taken out again by it.
            biases = config.biases and config.statistics == "none"
            layers += [_convolution(width, width, biases=biases), _normalization(config), nn.ReLU()]
        layers.append(_convolution(width, self._channels, biases=config.biases))
        self.layers = nn.Sequential(*layers)
        initialize(self)

    @property
    def config(self) -> DnCNNConfig:
        return self._config

    def check_input(self, x: Images) -> None:
        check_channels(x, self._channels)

    def forward(self, x: Images) -> Images:
        return self.layers(x)


def _convolution(inputs: int, outputs: int, *, biases: bool) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=biases)


def _normalization(config: DnCNNConfig) -> nn.Module:
    if config.biases or config.statistics == "none":
        return normalization(config.width, config.statistics)
    return RunningScale(config.width)
