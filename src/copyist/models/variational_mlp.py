"""A fully connected autoencoder that encodes to a Gaussian and decodes to a likelihood."""

__all__ = ["VariationalMLP", "VariationalMLPConfig"]

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Self, final, get_args

from torch import nn

from copyist.checks import check_at_least, check_choice
from copyist.errors import ShapeError
from copyist.models.contracts import Variational
from copyist.models.shapes import FixedShape, FixedShapeConfig
from copyist.nn.dense import Activation, activation_layer
from copyist.nn.gaussian import Gaussian
from copyist.nn.likelihoods import LIKELIHOODS, GaussianPixels, Likelihood, LikelihoodHead, Pixels
from copyist.tensors import Codes, Examples


@dataclass(frozen=True, kw_only=True)
class VariationalMLPConfig(FixedShapeConfig):
    """The shape of a `VariationalMLP`."""

    widths: tuple[int, ...] = (400,)
    """Units per hidden layer from the input to the code; the decoder mirrors them."""

    code_size: int = 40
    """Units of the code."""

    activation: Activation = "relu"
    """Applied after every hidden layer."""

    likelihood: Pixels = "bernoulli"
    """The distribution of values given the decoder's output."""

    def __post_init__(self) -> None:
        check_at_least("code_size", self.code_size, 1)
        for units in self.widths:
            check_at_least("widths", units, 1)
        check_choice("activation", self.activation, get_args(Activation))
        check_choice("likelihood", self.likelihood, LIKELIHOODS)

    def fitted(self, shape: tuple[int, ...]) -> Self:
        if len(shape) == 1 and self.likelihood != "gaussian":
            raise ShapeError(
                f"a table must have a likelihood of real numbers, got likelihood={self.likelihood}; "
                "build the model with a Gaussian likelihood (--set likelihood=gaussian)"
            )
        return super().fitted(shape)

    def build(self) -> Variational:
        return VariationalMLP(self)


@final
class VariationalMLP(FixedShape, Variational):
    """Linear layers to the mean and log-variance of a code (B, code_size), and from a code to a likelihood.

    Weights start uniform as Glorot & Bengio (2010) draw them, and biases at 0.

    Source:
        Kingma & Welling (2013), appendix C; Burda et al. (2016), section 5, for the start of the weights.
    """

    def __init__(self, config: VariationalMLPConfig) -> None:
        super().__init__(config, model="a variational MLP")
        self._config = config
        values = math.prod(self._shape)
        self.encoder = nn.Sequential(nn.Flatten(), *_layers((values, *config.widths), config.activation))
        narrow = config.widths[-1] if config.widths else values
        # Means, then log-variances: one product instead of two.
        self.to_posterior = nn.Linear(narrow, 2 * config.code_size)
        there = (config.code_size, *config.widths[::-1])
        self.decoder = nn.Sequential(
            *_layers(there, config.activation), nn.Linear(there[-1], values), nn.Unflatten(1, self._shape)
        )
        self.head = LikelihoodHead(config.likelihood)
        for part in self.modules():
            if isinstance(part, nn.Linear):
                nn.init.xavier_uniform_(part.weight)
                nn.init.zeros_(part.bias)

    @property
    def config(self) -> VariationalMLPConfig:
        return self._config

    def code_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return (self._config.code_size,)

    def posterior(self, x: Examples) -> Gaussian:
        mean, log_variance = self.to_posterior(self.encoder(self.standardized(x))).chunk(2, dim=1)
        return Gaussian.of(mean=mean, log_variance=log_variance)

    def likelihood(self, z: Codes) -> Likelihood:
        found = self.head(self.decoder(z))
        if self.standardization is None:
            return found
        # Stretched to a column's own units, a density falls by as much as its values are spread.
        assert isinstance(found, GaussianPixels)
        log_sigma = found.log_sigma + self.standardization.std.log()
        return GaussianPixels(center=self.restored(found.center), log_sigma=log_sigma)


def _layers(widths: tuple[int, ...], activation: Activation) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Linear(inputs, outputs), activation_layer(activation)]
    return layers
