"""Convolutions down to a linear code of any size, smaller than the image or not, and up again."""

__all__ = ["Conv", "ConvConfig"]

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self, final

from torch import nn

from copyist.checks import check_whole
from copyist.errors import ShapeError
from copyist.models.contracts import Autoencoder, ModelConfig, TrainedOn
from copyist.models.shapes import check_shape, fitted_image_shape, known_shape
from copyist.nn.conv import initialize
from copyist.tensors import Codes, Images


@dataclass(frozen=True, kw_only=True)
class ConvConfig(ModelConfig):
    """The shape of a `Conv`."""

    image_shape: tuple[int, int, int] | None = None
    """(C, H, W) of one image; None takes the data's."""

    width: int = 16
    """Feature maps of the first convolution; each further one has twice as many."""

    levels: int = 3
    """Convolutions on the way down, each of which halves both sides, and on the way up."""

    code: int = 64
    """Units of the code; the model is undercomplete where an image has more values."""

    def __post_init__(self) -> None:
        for name in ("width", "levels", "code"):
            check_whole(name, getattr(self, name), 1)
        if self.image_shape is not None:
            self._check_sides(self.image_shape)

    def fitted(self, shape: tuple[int, ...]) -> Self:
        return replace(self, image_shape=fitted_image_shape(self.image_shape, shape))

    def build(self) -> Autoencoder:
        return Conv(self)

    def _check_sides(self, shape: tuple[int, int, int]) -> None:
        least = 2**self.levels
        if min(shape[1:]) < least:
            height, width = shape[1:]
            fewer = min(height, width).bit_length() - 1
            remedy = f", or build the model with fewer levels (--set levels={fewer})" if fewer else ""
            raise ShapeError(
                f"image sides must be at least {least} for {self.levels} levels, got {height}x{width}; "
                f"enlarge the images (?size={max(least, height)}x{max(least, width)}){remedy}"
            )


@final
class Conv(Autoencoder):
    """Strided 3×3 convolutions and a linear layer to a code (B, code); the same, transposed, back to the image.

    A ReLU follows every layer but the code and the output. Nothing is normalized, so that an output depends on its
    image alone. Sides need not be even: each convolution rounds half a side up.

    Source:
        Masci et al. (2011), with strides in place of max-pooling; Springenberg et al. (2015) for these.
    """

    def __init__(self, config: ConvConfig) -> None:
        super().__init__()
        self._config = config
        self._shape = known_shape(config.image_shape, model="a convolutional autoencoder")
        self.trained_on = TrainedOn(image_shape=self._shape)
        self.image_size = self._shape[1:]
        channels, *size = self._shape
        maps = [channels, *(config.width * 2**level for level in range(config.levels))]
        sizes = [tuple(-(-side // 2**level) for side in size) for level in range(config.levels + 1)]
        lowest = (maps[-1], *sizes[-1])
        encoder: list[nn.Module] = []
        for inputs, outputs in pairwise(maps):
            encoder += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.ReLU()]
        self.encoder = nn.Sequential(*encoder, nn.Flatten(), nn.Linear(math.prod(lowest), config.code))
        decoder: list[nn.Module] = []
        for (inputs, outputs), (height, width) in zip(pairwise(maps[::-1]), sizes[-2::-1], strict=True):
            # An odd side has one position less than twice its half.
            odd = (1 - height % 2, 1 - width % 2)
            decoder += [
                nn.ReLU(),
                nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=odd),
            ]
        self.decoder = nn.Sequential(nn.Linear(config.code, math.prod(lowest)), nn.Unflatten(1, lowest), *decoder)
        initialize(self)
        _start_from_gray(self.decoder[-1])

    @property
    def config(self) -> ConvConfig:
        return self._config

    def check_input(self, x: Images) -> None:
        check_shape(x, self._shape)

    def encode(self, x: Images) -> Codes:
        return self.encoder(x)

    def decode(self, z: Codes) -> Images:
        return self.decoder(z)


def _start_from_gray(output: nn.Module) -> None:
    # A copy starts from gray: pixel values lie in [0, 1], and nothing else says so.
    assert isinstance(output, nn.ConvTranspose2d)
    assert output.bias is not None
    nn.init.constant_(output.bias, 0.5)
