"""An image codec: a large analysis, a shallow synthesis, and a hyperprior of exact arithmetic."""

__all__ = ["ImageCodec", "ImageCodecConfig"]

import math
from dataclasses import dataclass, replace
from typing import Self, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from copyist.checks import check_whole
from copyist.errors import ShapeError
from copyist.models.contracts import Compressor, EntropyModel, ModelConfig
from copyist.models.shapes import check_channels, fitted_channels, known_channels
from copyist.nn.discretized import PER_OCTAVE, gaussian_bits, scale_index, scale_of
from copyist.nn.exact import ExactConv, round_half_up, rounded
from copyist.nn.transforms import cosine_basis
from copyist.randomness import draw_uniform
from copyist.tensors import Codes, Examples, Images, PerImage

PATCH = 16
"""Pixels of an image per position of the code, along each side."""

SIDE = 4
"""Positions of the code per position of the side information, along each side."""

_RANGE = 255.0
"""The code is that of values of 8 bits, so that a step of 1 is a step of one gray level."""

_SIDE_LIMIT = 15
"""Side information lies in [−15, 15]."""

_FAST = 8.0
"""Factor on what layers put out for logarithms of scales, and twice for means, which must move far."""

_GAIN_UNIT = 2.0**-12

_MEAN_UNIT = 2.0**-4
"""Means are whole multiples of this."""


@dataclass(frozen=True, kw_only=True)
class ImageCodecConfig(ModelConfig):
    """The shape of an `ImageCodec`."""

    channels: int | None = None
    """Channels of an image; None takes the data's."""

    code_channels: int = 192
    """M, numbers per patch of 16×16 pixels."""

    width: int = 64
    """Maps of the analysis at half resolution; at a quarter there are 1.5 and below 2 times as many."""

    synthesis_width: int = 64
    """Maps of the synthesis, at an eighth of the resolution."""

    side_channels: int = 32
    """K, maps of the side information, at 1/64 of the resolution."""

    qualities: int = 8
    """How many qualities one model has."""

    def __post_init__(self) -> None:
        for name in ("code_channels", "width", "synthesis_width", "side_channels", "qualities"):
            check_whole(name, getattr(self, name), 1)

    @property
    def steps(self) -> tuple[float, ...]:
        """The steps of rounding that training begins with, one per quality, in gray levels: 128 … 18."""
        last = max(1, self.qualities - 1)
        return tuple(128 * (18 / 128) ** (index / last) for index in range(self.qualities))

    def fitted(self, shape: tuple[int, ...]) -> Self:
        return replace(self, channels=fitted_channels(self.channels, shape))

    def build(self) -> Compressor:
        return ImageCodec(self)


@final
class ImageCodec(Compressor):
    """Patches to a code by a linear transform and a convolutional correction of it; and back by a shallow one.

    The linear transforms begin as cosine bases, so that training begins with a codec of JPEG's kind. Each quality has a
    gain per channel of the code, which is the step of its rounding. The mean and the scale of every integer come from
    side information by convolutions of exact arithmetic (`ExactConv`), so that a file decodes to the same integers
    everywhere.

    Source:
        Yang & Mandt (2023), "Computationally-Efficient Neural Image Compression with Shallow Decoders", for the
        synthesis; Minnen et al. (2018), section 3, for the mean and scale hyperprior; Cui et al. (2021) for gains;
        Ballé et al. (2019), "Integer Networks for Data Compression", for exact arithmetic.
    """

    first_level: Tensor
    """(M,), the base-2 logarithms of the scales that training begins with, in gray levels."""

    gain_units: Tensor
    """(qualities, M), int64, the gains in units of 2⁻¹²: what the means of integers are multiplied by, exactly."""

    gain_levels: Tensor
    """(qualities, M), int64, the logarithms of the gains in units of 1/8 octave, which the scales are shifted by."""

    def __init__(self, config: ImageCodecConfig) -> None:
        super().__init__()
        self._config = config
        self.measured = ("gain_units", "gain_levels")
        self.num_qualities = config.qualities
        self.size_multiple = PATCH
        channels = known_channels(config.channels, model="an image codec")
        codes, width, side = config.code_channels, config.width, config.side_channels
        basis, frequency = cosine_basis(channels, PATCH, count=codes)  # (M, C, 16, 16), (M,)
        self.project = nn.Conv2d(channels, codes, PATCH, stride=PATCH, bias=False)
        self.unproject = nn.ConvTranspose2d(codes, channels, PATCH, stride=PATCH, bias=False)
        self.correct = nn.Sequential(
            nn.Conv2d(channels, width, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(width, width * 3 // 2, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(width * 3 // 2, 2 * width, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(2 * width, 2 * width, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(2 * width, codes, 3, padding=1),
        )
        self.synthesis = _Synthesis(codes, config.synthesis_width, channels)
        self.log_gain = nn.Parameter(-torch.tensor(config.steps).log()[:, None].repeat(1, codes))
        self.to_side = nn.Sequential(
            nn.Conv2d(codes, 2 * side, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(2 * side, 2 * side, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(2 * side, side, 3, stride=2, padding=1),
        )
        # A photograph's coefficients fall about with the frequency; in whole eighths, so that it is exact.
        first = round_half_up(PER_OCTAVE * (9 - 1.25 * (1 + frequency).log2())) / PER_OCTAVE
        self.register_buffer("first_level", first)
        self.register_buffer("gain_units", torch.zeros(config.qualities, codes, dtype=torch.int64))
        self.register_buffer("gain_levels", torch.zeros(config.qualities, codes, dtype=torch.int64))
        self.side_mean = nn.Parameter(torch.zeros(side))
        self.side_level = nn.Parameter(torch.zeros(side))
        self.from_side = nn.ModuleList(
            [
                ExactConv(side, 4 * 2 * side, rectify=True),
                ExactConv(2 * side, 4 * 2 * side, rectify=True),
                ExactConv(2 * side, 2 * codes, rectify=False),
            ]
        )
        with torch.no_grad():
            self.project.weight.copy_(basis)
            self.unproject.weight.copy_(basis)
            for last in (self.correct[-1], self.from_side[-1]):
                last.get_parameter("weight").mul_(0.1)
                last.get_parameter("bias").zero_()

    @property
    def config(self) -> ImageCodecConfig:
        return self._config

    def check_input(self, x: Images) -> None:
        check_channels(x, known_channels(self._config.channels, model="an image codec"))
        if x.shape[2] % PATCH or x.shape[3] % PATCH:
            raise ShapeError(
                f"image sides must be multiples of {PATCH}, got {x.shape[2]}x{x.shape[3]}; pad the images "
                "(?fit=pad), or compress them by copyist compress, which takes any size"
            )

    def encode(self, x: Images) -> Codes:
        """The code before its gain and rounding, in gray levels: (B, M, H / 16, W / 16)."""
        return self.project(_RANGE * (x - 0.5)) + self.correct(x - 0.5) * _RANGE

    def decode(self, z: Codes) -> Images:
        return 0.5 + (self.unproject(z) + self.synthesis(z)) / _RANGE

    def rate_distortion(self, x: Images, *, quality: Tensor, generator: torch.Generator) -> tuple[Images, PerImage]:
        gain = self.log_gain[quality].exp()[:, :, None, None]  # (B, M, 1, 1)
        y = self.encode(x).float()
        side = self._side(y)
        mean, level = self._law(rounded(side), exact=False, size=(y.shape[2], y.shape[3]))
        y, mean, index = y * gain, mean * gain, scale_index(level + gain.log2())
        noise = draw_uniform(y.shape, generator=generator, like=y) - 0.5
        bits = gaussian_bits(y - mean + noise, scale=scale_of(index)).flatten(1).sum(1)
        noise = draw_uniform(side.shape, generator=generator, like=side) - 0.5
        distance = side + noise - self.side_mean[:, None, None]
        side_scale = scale_of(scale_index(_FAST * self.side_level))[:, None, None]
        bits = bits + gaussian_bits(distance, scale=side_scale).flatten(1).sum(1)
        return self.decode((rounded(y - mean) + mean) / gain), bits

    @torch.no_grad()
    def analyze(self, x: Images, *, quality: int) -> tuple[Tensor, Tensor]:
        y = self.encode(x).float()
        return round_half_up(self._side(y)).long().cpu(), (y * self.log_gain[quality].exp()[:, None, None]).cpu()

    @torch.no_grad()
    def entropy_model(self, side: Tensor, *, quality: int, size: tuple[int, int]) -> EntropyModel:
        mean, level = self._law(side.double().cpu(), exact=True, size=size)
        gain = self.gain_units[quality].double().cpu()[:, None, None] * _GAIN_UNIT
        shift = self.gain_levels[quality].double().cpu()[:, None, None] / PER_OCTAVE
        mean = round_half_up(mean * gain / _MEAN_UNIT) * _MEAN_UNIT
        return EntropyModel(mean=mean, scale=round_half_up(scale_index(level + shift)).long())

    @torch.no_grad()
    def measured_on(self, examples: Examples) -> None:
        """Keep the gains as whole numbers."""
        self.gain_units.copy_(round_half_up(self.log_gain.double().exp() / _GAIN_UNIT))
        self.gain_levels.copy_(round_half_up(PER_OCTAVE * self.log_gain.double() / math.log(2)))

    @torch.no_grad()
    def synthesize(self, code: Tensor, *, quality: int, exact: bool = False) -> Images:
        gain = self.log_gain[quality].exp()[:, None, None]
        return self.decode(code.to(gain) / gain)

    def _side(self, y: Tensor) -> Tensor:
        """Side information before rounding, (B, K, ⌈h / 4⌉, ⌈w / 4⌉)."""
        height, width = (-(-side // SIDE) * SIDE for side in y.shape[2:])
        padded = F.pad(y, (0, width - y.shape[3], 0, height - y.shape[2]), mode="replicate")
        # Large numbers tell no more of their size than their logarithm.
        return self.to_side(padded.sign() * padded.abs().log1p()).float().clamp(-_SIDE_LIMIT, _SIDE_LIMIT)

    def _law(self, side: Tensor, *, exact: bool, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Mean and base-2 logarithm of the scale of every number of the code, in gray levels: (B, M, h, w) each."""
        h = side
        for number, layer in enumerate(self.from_side):
            assert isinstance(layer, ExactConv)
            h = layer.exact(h) if exact else layer(h)
            if number < 2:
                h = F.pixel_shuffle(h, 2)
        mean, level = (_FAST * h[:, :, : size[0], : size[1]]).chunk(2, dim=1)
        return _FAST * mean, level + self.first_level[:, None, None]


class _Synthesis(nn.Module):
    """The correction of the linear synthesis: codes (B, M, h, w) to images (B, C, 16·h, 16·w), in gray levels."""

    def __init__(self, codes: int, width: int, channels: int) -> None:
        super().__init__()
        self.widen = nn.ConvTranspose2d(codes, width, 4, stride=2, padding=1)
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.output = nn.ConvTranspose2d(width, channels, PATCH, stride=PATCH // 2, padding=PATCH // 4)
        nn.init.normal_(self.output.weight, std=0.1 / math.sqrt(width))

    def forward(self, z: Tensor) -> Tensor:
        h = F.relu(self.widen(z / 32))
        h = h + self.second(F.relu(self.first(h)))
        return self.output(F.relu(h))
