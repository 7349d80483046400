"""A linear model with Gaussian noise, whose likelihood is known on paper."""

from typing import Self, final

import torch
from torch import Tensor
from torch.distributions import MultivariateNormal

from copyist.models import ModelConfig, Variational
from copyist.models.contracts import TrainedOn
from copyist.nn.gaussian import Gaussian
from copyist.nn.likelihoods import GaussianPixels, Likelihood

SHAPE = (2, 3, 5)
VALUES = 30


class LinearGaussianConfig(ModelConfig):
    def fitted(self, shape: tuple[int, ...]) -> Self:
        return self

    def build(self) -> Variational:
        return LinearGaussian()


@final
class LinearGaussian(Variational):
    """Probabilistic PCA: x = W z + b + σ ε, with orthogonal columns, so that units are independent given x.

    With a `shift` and `scale` the posterior is off by these, as that of an encoder that was not trained enough.

    Source:
        Tipping & Bishop (1999), equations 2 and 7.
    """

    def __init__(self, *, size: int = 4, sigma: float = 0.3, shift: float = 0.0, scale: float = 1.0) -> None:
        super().__init__()
        draws = torch.Generator().manual_seed(0)
        axes = torch.linalg.qr(torch.randn(VALUES, size, generator=draws, dtype=torch.float64)).Q
        self.lengths = torch.linspace(0.2, 2.0, size, dtype=torch.float64)
        self.matrix = axes * self.lengths
        self.offset = torch.randn(VALUES, generator=draws, dtype=torch.float64)
        self.sigma, self.shift, self.scale = torch.tensor(sigma).double(), shift, scale
        self.trained_on = TrainedOn(image_shape=SHAPE)

    @property
    def config(self) -> LinearGaussianConfig:
        return LinearGaussianConfig()

    def check_input(self, x: Tensor) -> None:
        pass

    def code_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return (len(self.lengths),)

    def posterior(self, x: Tensor) -> Gaussian:
        total = self.lengths.square() + self.sigma**2
        mean = (x.flatten(1) - self.offset) @ self.matrix / total
        variance = (self.sigma**2 / total * self.scale).expand_as(mean)
        return Gaussian(mean=mean + self.shift, log_variance=variance.log())

    def likelihood(self, z: Tensor) -> Likelihood:
        return GaussianPixels(
            center=(z.double() @ self.matrix.T + self.offset).view(-1, *SHAPE), log_sigma=self.sigma.log()
        )

    def log_likelihood(self, x: Tensor) -> Tensor:
        """log N(x; b, W Wᵀ + σ² I)."""
        covariance = self.matrix @ self.matrix.T + self.sigma**2 * torch.eye(VALUES, dtype=torch.float64)
        return MultivariateNormal(self.offset, covariance).log_prob(x.flatten(1))

    def draw(self, count: int) -> Tensor:
        draws = torch.Generator().manual_seed(1)
        z = torch.randn(count, len(self.lengths), generator=draws, dtype=torch.float64)
        noise = self.sigma * torch.randn(count, VALUES, generator=draws, dtype=torch.float64)
        return (z @ self.matrix.T + self.offset + noise).view(-1, *SHAPE)
