"""An image codec: a large analysis, a shallow synthesis, and a hyperprior of exact arithmetic."""

__all__ = ["ImageCodec", "ImageCodecConfig"]

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self, final, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from copyist.checks import check_choice, check_whole
from copyist.errors import ShapeError
from copyist.models.contracts import CodingTables, Compressor, EntropyModel, ModelConfig
from copyist.models.shapes import check_channels, fitted_channels, known_channels
from copyist.nn.codec_activation import CodecActivation, codec_activation
from copyist.nn.discretized import NUM_SCALES, PER_OCTAVE, gaussian_bits, scale_index, scale_of
from copyist.nn.exact import ExactConv, round_half_up, rounded
from copyist.nn.frequencies import NUM_CODE_FREQUENCIES, gaussian_frequencies, reach, whole_frequencies
from copyist.nn.patchwise import separate_patches
from copyist.nn.shallow_synthesis import ShallowSynthesis
from copyist.nn.transforms import cosine_basis
from copyist.randomness import draw_uniform
from copyist.settings import later
from copyist.tensors import Codes, Examples, Images, PerImage

PATCH = 16
"""Pixels of an image per position of the code, along each side."""

SIDE = 4
"""Positions of the code per position of the side information, along each side."""

_RANGE = 255.0
"""The code is that of values of 8 bits, so that a step of 1 is a step of one gray level."""

_SIDE_LIMIT = 15
"""Side information lies in [−15, 15]."""

_STEP_UNIT, _LARGEST_STEP = 2.0**-10, 2.0**12
"""Steps of rounding are whole multiples of the one, and at most the other, in gray levels."""

_COUNTED, _COUNTED_AT_ONCE = 128, 2**18
"""Training images in which integers are counted, and how many of their pixels at once."""

_FAST = 8.0
"""Factor on what layers put out for logarithms of scales, and twice for means, which must move far."""

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

    activation: CodecActivation = later("relu")
    """What follows the convolutions of the analysis but the last."""

    def __post_init__(self) -> None:
        check_choice("activation", self.activation, get_args(CodecActivation))
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

    def __init__(self, config: ImageCodecConfig) -> None:
        super().__init__()
        self._config = config
        self.num_qualities = config.qualities
        self.size_multiple = PATCH
        self.overlap = 3  # The analysis reaches 34 pixels beyond a patch, the synthesis 3 patches.
        channels = known_channels(config.channels, model="an image codec")
        self.channels = channels
        codes, width, side = config.code_channels, config.width, config.side_channels
        basis, frequency = cosine_basis(channels, PATCH, count=codes)  # (M, C, 16, 16), (M,)
        self.project = nn.Conv2d(channels, codes, PATCH, stride=PATCH, bias=False)
        self.unproject = nn.ConvTranspose2d(codes, channels, PATCH, stride=PATCH, bias=False)
        self.correct = nn.Sequential(
            nn.Conv2d(channels, width, 5, stride=2, padding=2),
            codec_activation(config.activation, width),
            nn.Conv2d(width, width * 3 // 2, 5, stride=2, padding=2),
            codec_activation(config.activation, width * 3 // 2),
            nn.Conv2d(width * 3 // 2, 2 * width, 3, stride=2, padding=1),
            codec_activation(config.activation, 2 * width),
            nn.Conv2d(2 * width, 2 * width, 3, stride=2, padding=1),
            codec_activation(config.activation, 2 * width),
            nn.Conv2d(2 * width, codes, 3, padding=1),
        )
        self.synthesis = ShallowSynthesis(codes, config.synthesis_width, channels, patch=PATCH)
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
        self.side_mean = nn.Parameter(torch.zeros(side))
        self.side_level = nn.Parameter(torch.zeros(side))
        self.from_side = nn.ModuleList(
            [
                ExactConv(side, 4 * 2 * side, rectify=True),
                ExactConv(2 * side, 4 * 2 * side, rectify=True),
                ExactConv(2 * side, 2 * codes, rectify=False),
            ]
        )
        self.measured = ("steps", "step_levels", "code_frequencies", "side_frequencies")
        self.register_buffer("steps", torch.zeros(config.qualities, codes, dtype=torch.int32))
        self.register_buffer("step_levels", torch.zeros(config.qualities, codes, dtype=torch.int32))
        self.register_buffer("code_frequencies", torch.zeros(NUM_CODE_FREQUENCIES, dtype=torch.int32))
        self.register_buffer("side_frequencies", torch.zeros(side, 2 * _SIDE_LIMIT + 1, dtype=torch.int32))
        with torch.no_grad():
            self.project.weight.copy_(basis)
            self.unproject.weight.copy_(basis)
            for last in (self.correct[-1], self.from_side[-1]):
                last.get_parameter("weight").mul_(0.1)
                last.get_parameter("bias").zero_()

    @property
    def config(self) -> ImageCodecConfig:
        return self._config

    @property
    def lent_layers(self) -> tuple[nn.Module, ...]:
        return self.project, self.unproject, *self.synthesis.modules()

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
        return 0.5 + (separate_patches(z, self.unproject.weight) + self.synthesis(z)) / _RANGE

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

    @property
    def is_measured(self) -> bool:
        return bool(self.get_buffer("steps").any())

    @property
    def rounding_steps(self) -> Tensor:
        # As float32, which holds them exactly.
        return self.get_buffer("steps").float() * _STEP_UNIT

    @property
    def tables(self) -> CodingTables:
        sizes = [2 * reach(scale) + 2 for scale in range(NUM_SCALES)]
        code, side = (self.get_buffer(name).cpu().long() for name in ("code_frequencies", "side_frequencies"))
        return CodingTables(code=tuple(code.split(sizes)), side=tuple(side))

    def decoding_state(self) -> Mapping[str, Tensor]:
        parts = ("unproject.", "synthesis.", "from_side.", "first_level", *self.measured)
        return {name: tensor for name, tensor in self.state_dict().items() if name.startswith(parts)}

    @torch.no_grad()
    def analyze(self, x: Images, *, quality: int) -> Tensor:
        x = x.to(self.project.weight)
        return self.encode(x).float() / self._step(quality)

    @torch.no_grad()
    def side_information(self, code: Tensor, *, quality: int) -> Tensor:
        y = code.to(self.project.weight) * self._step(quality)
        return round_half_up(self._side(y)).long().cpu()

    def side_shape(self, size: tuple[int, int]) -> tuple[int, int, int]:
        return self._config.side_channels, -(-size[0] // SIDE), -(-size[1] // SIDE)

    @torch.no_grad()
    def entropy_model(self, side: Tensor, *, quality: int, size: tuple[int, int]) -> EntropyModel:
        mean, level = self._law(side.double().cpu(), exact=True, size=size)
        # A quotient of float64 is rounded alike everywhere, and so is what is rounded from there.
        mean = round_half_up(mean / self._step(quality).double().cpu() / _MEAN_UNIT) * _MEAN_UNIT
        shift = self.get_buffer("step_levels")[quality][:, None, None].double().cpu() / PER_OCTAVE
        return EntropyModel(mean=mean, scale=round_half_up(scale_index(level - shift)).long())

    def synthesize(self, code: Tensor, *, quality: int) -> Images:
        weight = self.unproject.weight
        return self.decode(code.to(weight) * self._step(quality))

    @torch.no_grad()
    def synthesize_exactly(self, code: Tensor, *, quality: int) -> Images:
        z = code.double().cpu() * self._step(quality).double().cpu()  # multiples of 2⁻¹⁴ below 2³⁶: exact
        return 0.5 + self.synthesis.exact(z, linear=self.unproject.weight) / _RANGE

    @torch.no_grad()
    def measured_on(self, examples: Examples) -> None:
        """Fix the steps of rounding, and count what the integers of images are at every quality."""
        steps = (-self.log_gain.double()).exp() / _STEP_UNIT
        self.get_buffer("steps").copy_(steps.round().clamp(1, _LARGEST_STEP / _STEP_UNIT))
        levels = (self.get_buffer("steps").double() * _STEP_UNIT).log2()
        self.get_buffer("step_levels").copy_((PER_OCTAVE * levels).round())
        code = torch.zeros(NUM_CODE_FREQUENCIES, dtype=torch.int64)
        side = torch.zeros(self.get_buffer("side_frequencies").shape, dtype=torch.int64)
        height, width = (max(PATCH, length // PATCH * PATCH) for length in examples.shape[2:])
        chosen = examples[:: max(1, len(examples) // _COUNTED), :, :height, :width]
        for x in chosen.split(max(1, _COUNTED_AT_ONCE // (height * width))):
            for quality in range(self.num_qualities):
                self._count(x.to(self.project.weight), quality, code, side)
        sizes = [2 * reach(scale) + 2 for scale in range(NUM_SCALES)]
        found = [gaussian_frequencies(scale, each) for scale, each in enumerate(code.split(sizes))]
        self.get_buffer("code_frequencies").copy_(torch.cat(found))
        self.get_buffer("side_frequencies").copy_(torch.stack([whole_frequencies(each + 0.1) for each in side]))

    def _count(self, x: Images, quality: int, code: Tensor, side: Tensor) -> None:
        """Add the integers of images to the counts of tables."""
        y = self.analyze(x, quality=quality)
        integers = self.side_information(y, quality=quality)
        law = self.entropy_model(integers, quality=quality, size=(y.shape[2], y.shape[3]))
        reaches = torch.tensor([reach(scale) for scale in range(NUM_SCALES)])
        sizes = 2 * reaches + 2
        symbols, ends = round_half_up(y.double().cpu() - law.mean).long(), reaches[law.scale]
        places = torch.where(symbols.abs() <= ends, symbols + ends, 2 * ends + 1)
        places = places + (sizes.cumsum(0) - sizes)[law.scale]
        code += torch.bincount(places.flatten(), minlength=len(code))
        maps = torch.arange(side.shape[0])[:, None, None] * side.shape[1]
        found = torch.bincount((integers + _SIDE_LIMIT + maps).flatten(), minlength=side.numel())
        side += found.view(side.shape)

    def _step(self, quality: int) -> Tensor:
        """The steps of rounding in gray levels, (M, 1, 1)."""
        return self.rounding_steps[quality][:, None, None]

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
        return _FAST * mean, level + self.get_buffer("first_level")[:, None, None].to(level)
