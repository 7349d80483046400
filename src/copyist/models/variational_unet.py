"""A U-Net without skips that encodes to a Gaussian and decodes to a likelihood."""

__all__ = ["VariationalUNet", "VariationalUNetConfig"]

from dataclasses import dataclass, replace
from typing import Self, final

from torch import nn
from torch.nn import functional as F

from copyist.checks import check_at_least, check_choice
from copyist.errors import ArgumentError, ShapeError
from copyist.models.contracts import Variational
from copyist.models.levels import AttendingLevelsConfig, Down, Up, add_attention, initialize_levels
from copyist.models.shapes import image_shape
from copyist.nn.gaussian import Gaussian
from copyist.nn.likelihoods import LIKELIHOODS, Likelihood, LikelihoodHead, Pixels
from copyist.nn.norm import Statistics
from copyist.tensors import Codes, Images


@dataclass(frozen=True, kw_only=True)
class VariationalUNetConfig(AttendingLevelsConfig):
    """The shape of a `VariationalUNet`."""

    width: int = 32
    """Feature maps at the first level; each further level has twice as many."""

    levels: int = 3
    """Resolutions, the full one included: sides must be multiples of 2^(levels − 1)."""

    statistics: Statistics = "group"
    """Whose mean and variance the normalization uses: not the batch's, or one image would decide how likely
    another is."""

    code_size: int = 32
    """Units of the code, or, where it is not joined, of each position of the lowest maps."""

    joined: bool = True
    """Whether linear layers join all positions into one code; without them images of many sizes are taken."""

    image_size: tuple[int, int] | None = None
    """(H, W) of all images, which only a joined code needs to know; None takes the data's."""

    likelihood: Pixels = "gaussian"
    """The distribution of values given the decoder's output."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_at_least("code_size", self.code_size, 1)
        check_choice("likelihood", self.likelihood, LIKELIHOODS)
        if self.statistics == "batch":
            raise ArgumentError(
                "a likelihood must be that of one image alone, got statistics=batch, which mixes images; "
                "take statistics=group (--set statistics=group)"
            )

    def fitted(self, shape: tuple[int, ...]) -> Self:
        fitted = super().fitted(shape)
        if not self.joined:
            return fitted
        _, height, width = image_shape(shape)
        size = (height, width)
        if self.image_size not in (None, size):
            assert self.image_size is not None
            raise ShapeError(
                f"the joined code was built for images of {_by(self.image_size)}, got {_by(size)}; "
                f"resize the images (?size={_by(self.image_size)}), "
                "or leave the model's image_size open (--set image_size=none)"
            )
        return replace(fitted, image_size=size)

    def build(self) -> Variational:
        return VariationalUNet(self)


@final
class VariationalUNet(Variational):
    """Blocks of convolutions down to the mean and log-variance of a code, and from a code up again.

    A joined code is (B, code_size); one that is not is (B, code_size, h, w), with the sides of the lowest maps.

    Source:
        Kingma & Welling (2013) for the model; the levels are those of `UNet`.
    """

    def __init__(self, config: VariationalUNetConfig) -> None:
        super().__init__()
        self._config = config
        self.uses_batch_statistics = False
        self.size_multiple = config.size_multiple
        self.receptive_radius = None if config.joined else config.receptive_radius
        self.image_size = config.image_size if config.joined else None
        self.down = Down(config)
        maps, size = config.widths[-1], config.code_size
        if config.joined:
            lowest = (maps, *self._lowest(config.image_size))
            units = lowest[0] * lowest[1] * lowest[2]
            self.to_posterior = nn.Sequential(nn.Flatten(), nn.Linear(units, 2 * size))
            self.widen = nn.Sequential(nn.Linear(size, units), nn.Unflatten(1, lowest))
        else:
            self.to_posterior = nn.Conv2d(maps, 2 * size, 1)
            self.widen = nn.Conv2d(size, maps, 1)
        self.up = Up(config, skips=False)
        self.head = LikelihoodHead(config.likelihood)
        initialize_levels(self, self.up.output, config)
        add_attention(config, self.down, self.up)
        if config.likelihood == "bernoulli" and self.up.output.bias is not None:
            # Gray is a logit of 0.
            nn.init.zeros_(self.up.output.bias)

    @property
    def config(self) -> VariationalUNetConfig:
        return self._config

    def check_input(self, x: Images) -> None:
        self._config.check_images(x)
        size = (x.shape[2], x.shape[3])
        if self.image_size is not None and size != self.image_size:
            raise ShapeError(
                f"the model's joined code takes images of {_by(self.image_size)} only, got {_by(size)}; "
                f"resize the images (?size={_by(self.image_size)}), "
                "or train a model whose code keeps positions (--set joined=false)"
            )

    def code_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        size = self._config.code_size
        _, height, width = image_shape(shape)
        return (size,) if self._config.joined else (size, *self._lowest((height, width)))

    def posterior(self, x: Images) -> Gaussian:
        mean, log_variance = self.to_posterior(self.down(x)[-1]).chunk(2, dim=1)
        return Gaussian.of(mean=mean, log_variance=log_variance)

    def likelihood(self, z: Codes) -> Likelihood:
        return self.head(self.up(F.relu(self.widen(z))))

    def _lowest(self, size: tuple[int, int] | None) -> tuple[int, int]:
        """(h, w) of the lowest maps."""
        if size is None:
            raise ArgumentError("a joined code must know its image_size; give it, or fit the config to data")
        return size[0] // self.size_multiple, size[1] // self.size_multiple


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
