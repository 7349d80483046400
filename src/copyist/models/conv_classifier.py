"""A plain convolutional classifier, for its features and for probes."""

__all__ = ["ConvClassifier", "ConvClassifierConfig"]

from dataclasses import dataclass
from typing import final

from torch import nn

from copyist.models.contracts import Classifier, ClassifierConfig
from copyist.models.levels import Down, LevelsConfig
from copyist.models.shapes import known_channels
from copyist.nn.conv import initialize
from copyist.nn.norm import Statistics
from copyist.tensors import Features, Images


@dataclass(frozen=True, kw_only=True)
class ConvClassifierConfig(LevelsConfig, ClassifierConfig):
    """The shape of a `ConvClassifier`."""

    width: int = 16
    """Feature maps at the first level; each further level has twice as many."""

    levels: int = 3
    """Resolutions, the full one included: sides must be multiples of 2^(levels − 1)."""

    statistics: Statistics = "running"
    """Whose mean and variance the normalization uses; with `running` an answer does not depend on its batch."""

    def __post_init__(self) -> None:
        LevelsConfig.__post_init__(self)
        ClassifierConfig.__post_init__(self)

    def build(self) -> "ConvClassifier":
        return ConvClassifier(self)


@final
class ConvClassifier(Classifier):
    """Blocks of convolutions with the maximum of 2×2 positions between them, and the mean over all positions.

    The blocks are `blocks.0`, at full resolution, to `blocks.{levels − 1}`. There are width·2^(levels − 1) features.

    Source:
        Simonyan & Zisserman (2015), section 2, for plain blocks, and He et al. (2015) for residual ones; Lin et al.
        (2014), section 3.2, for the mean.
    """

    def __init__(self, config: ConvClassifierConfig) -> None:
        super().__init__()
        num_classes = config.known_classes()
        self._config = config
        known_channels(config.channels, model="a classifier")
        self.uses_batch_statistics = self.weighs_images = config.statistics == "batch"
        self.size_multiple = config.size_multiple
        self.blocks = Down(config)
        self.head = nn.Linear(config.widths[-1], num_classes)
        if config.statistics == "none":
            initialize(self)

    @property
    def config(self) -> ConvClassifierConfig:
        return self._config

    def check_input(self, x: Images) -> None:
        self._config.check_images(x)

    def features(self, x: Images) -> Features:
        return self.blocks(x)[-1].mean((2, 3))
