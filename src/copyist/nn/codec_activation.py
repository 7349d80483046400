"""What follows the convolutions of a codec's analysis."""

__all__ = ["CodecActivation", "codec_activation"]

from typing import Literal, TypeAlias

from torch import nn

from copyist.nn.divisive_norm import DivisiveNorm

CodecActivation: TypeAlias = Literal["relu", "leaky-relu", "gdn", "gdn-1"]
"""What follows the convolutions of the analysis: a rectifier, or generalized divisive normalization, whose pool is the
root of squares or, as `gdn-1`, a sum of magnitudes."""


def codec_activation(name: CodecActivation, channels: int) -> nn.Module:
    """What follows a convolution of the analysis to that many maps."""
    match name:
        case "relu":
            return nn.ReLU()
        case "leaky-relu":
            return nn.LeakyReLU()
        case "gdn":
            return DivisiveNorm(channels)
        case "gdn-1":
            return DivisiveNorm(channels, order=1)
