"""Residual learning: the output of a model subtracted from its input."""

__all__ = ["Residual", "ResidualConfig"]

from dataclasses import dataclass, replace
from typing import Self, final

from copyist.models.contracts import ModelConfig, Reconstructor, needs
from copyist.models.dncnn import DnCNNConfig
from copyist.nn.standardization import STATISTICS, ColumnUnit, Standardization
from copyist.tensors import Examples, Rows

_PLAIN = DnCNNConfig()


@dataclass(frozen=True, kw_only=True)
class ResidualConfig(ModelConfig):
    """The shape of a `Residual`."""

    model: ModelConfig = _PLAIN
    """The model whose output is subtracted; any reconstructor, and for tables one that takes them."""

    def fitted(self, shape: tuple[int, ...]) -> Self:
        return replace(self, model=self.model.fitted(shape))

    @property
    def unit(self) -> ColumnUnit:
        return self.model.unit

    def build(self) -> Reconstructor:
        return Residual(self)


@final
class Residual(Reconstructor):
    """x̂ = x̃ − f(x̃), for a model f that copies: trained to denoise, it predicts the noise.

    The input bypasses f, so that there is no code, and f = 0 already copies. Of a table, f
    is handed standardized rows, and its output is subtracted from these.

    Source:
        Zhang et al. (2017), "Beyond a Gaussian Denoiser", section III-B.
    """

    def __init__(self, config: ResidualConfig) -> None:
        super().__init__()
        self._config = config
        self.model = needs(config.model.build(), Reconstructor, verb="a residual model")
        self.uses_batch_statistics = self.model.uses_batch_statistics
        self.weighs_images = self.model.weighs_images
        self.size_multiple = self.model.size_multiple
        self.receptive_radius = self.model.receptive_radius
        self.trained_on = self.model.trained_on
        self.image_size = self.model.image_size
        self.num_columns = self.model.num_columns
        # Not the model's own: that would add the mean to what is taken off.
        self.standardization = None if self.num_columns is None else Standardization(self.num_columns)
        self.measured = () if self.standardization is None else STATISTICS

    @property
    def config(self) -> ResidualConfig:
        return self._config

    def check_input(self, x: Examples) -> None:
        self.model.check_input(x)

    def measured_on(self, examples: Rows) -> None:
        """Of a table, the mean and the unit of each column, by which rows are standardized from now on."""
        if self.standardization is not None:
            self.standardization.fit(examples, unit=self.config.unit)

    def standardized(self, x: Examples) -> Examples:
        return x if self.standardization is None else self.standardization(x)

    def restored(self, x: Examples) -> Examples:
        return x if self.standardization is None else self.standardization.inverse(x)

    def forward(self, x: Examples) -> Examples:
        if self.standardization is None:
            return x - self.model(x)
        rows = self.standardization(x)
        return self.standardization.inverse(rows - self.model(rows))
