"""The U-Net of diffusion: with skips, attention, and embeddings of the noise level and of the class."""

__all__ = ["DiffusionUNet", "DiffusionUNetConfig", "Parameterization"]

from dataclasses import dataclass, replace
from typing import Literal, Self, TypeAlias, final, get_args

from torch import Tensor, nn

from copyist.checks import check_at_least, check_choice, check_finite, check_positive, check_whole
from copyist.errors import ArgumentError
from copyist.models.contracts import Diffusion, Path
from copyist.models.levels import AttendingLevelsConfig, Blocks, Down, LevelsAttention, Up, add_attention
from copyist.nn.noise_level import NoiseLevelEmbedding
from copyist.nn.norm import Statistics
from copyist.settings import later

Parameterization: TypeAlias = Literal["clean", "edm"]
"""What the network predicts.

clean   the clean example itself
edm     the clean example at high noise and the noise at low, in proportions that keep its targets at unit variance
"""

_LEAST = 1e-4
"""The lowest noise level that the network is told, in units of the spread."""


@dataclass(frozen=True, kw_only=True)
class DiffusionUNetConfig(AttendingLevelsConfig):
    """The shape of a `DiffusionUNet`."""

    width: int = 32
    """Feature maps at the first level; each further level has twice as many."""

    levels: int = 3
    """Resolutions, the full one included: sides must be multiples of 2^(levels − 1)."""

    statistics: Statistics = "group"
    """Whose mean and variance the normalization uses: not the batch's, or samples would depend on each other."""

    blocks: Blocks = "residual"
    """Whether each level's convolutions are a plain block, or a residual one, which adds what it was given."""

    attention: LevelsAttention = "lowest"
    """How positions attend behind each level's block, as `AttendingLevelsConfig.attention`."""

    embedding: int = 128
    """Features of the embedding of noise level and class, an even number."""

    parameterization: Parameterization = "clean"
    """What the network predicts."""

    center: float = 0.5
    """Mean of the values of examples: of images in [0, 1]; of standardized codes it is 0."""

    spread: float = 0.25
    """Standard deviation of the values of examples, σ_data: of images in [0, 1]; of standardized codes it is 1."""

    num_classes: int | None = None
    """How many classes it can be asked for; None takes the data's where labels are learned, and else none."""

    of_codes: bool = later(False)
    """Whether examples are codes, of which only a model around this one, with the first stage, makes images."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole("embedding", self.embedding, 4)
        check_choice("parameterization", self.parameterization, get_args(Parameterization))
        check_finite("center", self.center)
        check_positive("spread", self.spread)
        if self.embedding % 2:
            raise ArgumentError(f"embedding must be an even number, got {self.embedding}; take {self.embedding + 1}")
        if self.num_classes is not None:
            check_at_least("num_classes", self.num_classes, 1)
        if self.statistics in ("batch", "running"):
            raise ArgumentError(
                f"a diffusion model must normalize each image alone, got statistics={self.statistics}, which mixes "
                "images of different noise; take statistics=group (--set statistics=group)"
            )

    def with_classes(self, num_classes: int) -> Self:
        if self.num_classes is not None and self.num_classes < num_classes:
            raise ArgumentError(
                f"the model must know all {num_classes} classes of the data, got num_classes={self.num_classes}; "
                "leave it out"
            )
        return replace(self, num_classes=self.num_classes or num_classes)

    def build(self) -> Diffusion:
        return DiffusionUNet(self)


@final
class DiffusionUNet(Diffusion):
    """A U-Net with skips whose every convolution is scaled and shifted by the noise level and the class.

    With u = (x − center) / spread and s = σ / spread the network F is given u / √(1 + s²), of unit variance, and
    log s; and the estimate of the clean example is

        clean:  center + spread·F
        edm:    center + spread·(u / (1 + s²) + F·s / √(1 + s²))

    Source:
        Ho et al. (2020), appendix B, for the network; Dhariwal & Nichol (2021), section 3.1, for the scales and shifts;
        Li & He (2025), arXiv 2511.13720, for `clean`; Karras et al. (2022), table 1 and equation 7, for `edm`.
    """

    def __init__(self, config: DiffusionUNetConfig) -> None:
        super().__init__()
        self._config = config
        self.size_multiple = config.size_multiple
        self.receptive_radius = config.receptive_radius
        self.center, self.spread, self.num_classes = config.center, config.spread, config.num_classes
        self.lacks_first_stage = config.of_codes
        self.path: Path = "straight" if config.parameterization == "clean" else "exploding"
        self.embedding = NoiseLevelEmbedding(config.embedding, num_classes=config.num_classes)
        self.down = Down(config, embedding=config.embedding)
        self.up = Up(config, skips=True, embedding=config.embedding)
        # F = 0 at first: the best linear estimate for `edm`, and the mean of the data for `clean`.
        nn.init.zeros_(self.up.output.weight)
        if self.up.output.bias is not None:
            nn.init.zeros_(self.up.output.bias)
        add_attention(config, self.down, self.up)

    @property
    def config(self) -> DiffusionUNetConfig:
        return self._config

    def check_input(self, x: Tensor) -> None:
        self._config.check_images(x)

    def forward(self, x: Tensor, sigma: Tensor | None = None, labels: Tensor | None = None) -> Tensor:
        level = x.new_full((len(x),), _LEAST) if sigma is None else (sigma / self.spread).clamp(min=_LEAST)
        s = level[:, None, None, None]
        u = (x - self.center) / self.spread
        scale = (1 + s.square()).rsqrt()
        embedding = self.embedding(level.log(), labels)
        *passed, h = self.down(u * scale, embedding)
        found = self.up(h, passed, embedding).to(u.dtype)
        clean = found if self._config.parameterization == "clean" else scale.square() * u + s * scale * found
        return self.center + self.spread * clean
