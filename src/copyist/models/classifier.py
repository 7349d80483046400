"""A plain convolutional classifier, for its features and for probes."""

__all__ = ["ConvClassifier", "ConvClassifierConfig"]

from dataclasses import dataclass, replace
from typing import Self, final

from torch import nn

from copyist.checks import check_at_least, check_choice
from copyist.models.base import Classifier
from copyist.models.channels import check_channels, fitted_channels, image_shape, known_channels
from copyist.models.config import ClassifierConfig
from copyist.models.levels import check_sides, size_multiple
from copyist.nn.conv import ConvBlock, Downsample, initialize
from copyist.nn.norm import STATISTICS, Statistics
from copyist.tensors import Features, Images


@dataclass(frozen=True, kw_only=True)
class ConvClassifierConfig(ClassifierConfig):
    """The shape of a `ConvClassifier`."""

    channels: int | None = None
    """Channels of an image; None takes the data's."""

    width: int = 16
    """Feature maps at the first level; each further level has twice as many."""

    levels: int = 3
    """Resolutions, the full one included: sides must be multiples of 2^(levels − 1)."""

    convolutions: int = 2
    """3×3 convolutions per level."""

    statistics: Statistics = "running"
    """Whose mean and variance the normalization uses; with `running` an answer does not depend on its batch."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("width", "levels", "convolutions"):
            check_at_least(name, getattr(self, name), 1)
        if self.channels is not None:
            check_at_least("channels", self.channels, 1)
        check_choice("normalization statistics", self.statistics, STATISTICS)

    @property
    def size_multiple(self) -> int:
        """What the sides of an image must be multiples of."""
        return size_multiple(self.levels)

    def fitted(self, shape: tuple[int, ...]) -> Self:
        channels = fitted_channels(self.channels, shape)
        check_sides(image_shape(shape)[1:], levels=self.levels)
        return replace(self, channels=channels)

    def build(self) -> Classifier:
        return ConvClassifier(self)


@final
class ConvClassifier(Classifier):
    """Blocks of convolutions with the maximum of 2×2 positions between them, and the mean over all positions.

    The blocks are `blocks.0`, at full resolution, to `blocks.{levels − 1}`. There are width·2^(levels − 1) features.

    Source:
        Simonyan & Zisserman (2015), section 2, for the blocks; Lin et al. (2014), section 3.2, for the mean.
    """

    def __init__(self, config: ConvClassifierConfig) -> None:
        super().__init__()
        num_classes = config.known_classes()
        self._config = config
        self._channels = known_channels(config.channels, model="a classifier")
        self.uses_batch_statistics = config.statistics == "batch"
        self.size_multiple = config.size_multiple
        self.blocks = nn.ModuleList()
        maps = self._channels
        for level in range(config.levels):
            width = config.width * 2**level
            block = ConvBlock(maps, width, convolutions=config.convolutions, statistics=config.statistics)
            self.blocks.append(block if level == 0 else nn.Sequential(Downsample(), block))
            maps = width
        self.head = nn.Linear(maps, num_classes)
        if config.statistics == "none":
            initialize(self)

    @property
    def config(self) -> ConvClassifierConfig:
        return self._config

    def check_input(self, x: Images) -> None:
        check_channels(x, self._channels)
        check_sides((x.shape[2], x.shape[3]), levels=self._config.levels)

    def features(self, x: Images) -> Features:
        h = x
        for block in self.blocks:
            h = block(h)
        return h.mean((2, 3))
