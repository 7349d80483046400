"""Denoisers whose answers are known on paper: the mean of the clean images given the noisy one, for known data."""

import math
from typing import Any, final

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from copyist.models import Autoencoder, MLPConfig, Reconstructor
from copyist.models.contracts import Diffusion, Path
from copyist.procedures import posterior_mean


class Exact(Reconstructor):
    """A map that takes images of any shape, and has no weights."""

    @property
    def config(self) -> Any:
        return MLPConfig()

    def check_input(self, x: Tensor) -> None:
        assert x.ndim == 4


@final
class GaussianDenoiser(Exact):
    """E[x | x̃] for x ~ N(mean, std²) in every value: m + s²/(s² + σ²)·(x̃ − m)."""

    def __init__(self, *, mean: float, std: float, sigma: float) -> None:
        super().__init__()
        self.mean, self.share = mean, std**2 / (std**2 + sigma**2)

    def forward(self, x: Tensor) -> Tensor:
        return self.mean + self.share * (x - self.mean)


@final
class MixtureDenoiser(Exact):
    """E[x | x̃] for a mixture of Gaussians N(mᵢ, s²I) with equal weights."""

    def __init__(self, means: Tensor, *, std: float, sigma: float) -> None:
        super().__init__()
        self.means, self.std, self.sigma = means, std, sigma

    def forward(self, x: Tensor) -> Tensor:
        total = self.std**2 + self.sigma**2
        center = posterior_mean(x, self.means, sigma=math.sqrt(total))
        return center + self.std**2 / total * (x - center)


@final
class SetDenoiser(Exact):
    """E[x | x̃] for x drawn evenly from a finite set, at a known σ."""

    def __init__(self, data: Tensor, *, sigma: float) -> None:
        super().__init__()
        self.data, self.sigma = data, sigma

    def forward(self, x: Tensor) -> Tensor:
        return posterior_mean(x, self.data, sigma=self.sigma)


@final
class BlindSetDenoiser(Exact):
    """E[x | x̃] for a finite set and noise of unknown σ, which the distance to the nearest point tells."""

    def __init__(self, data: Tensor) -> None:
        super().__init__()
        self.data = data

    def forward(self, x: Tensor) -> Tensor:
        distances = torch.cdist(x.flatten(1), self.data.flatten(1))
        # ‖x̃ − x‖ is about σ√D.
        sigma = (distances.min(1).values / math.sqrt(x[0].numel())).clamp(min=1e-4)
        weights = torch.softmax(-distances.square() / (2 * sigma[:, None] ** 2), dim=1)
        return (weights @ self.data.flatten(1)).reshape(x.shape)


@final
class GaussianDiffusion(Diffusion):
    """E[x | x + σ·ε] at any σ for x ~ N(mean, C), over the values of an image; a number C is that variance of each."""

    def __init__(self, *, mean: Tensor | float, covariance: Tensor | float, path: Path = "exploding") -> None:
        super().__init__()
        self.mean, self.covariance = mean, covariance
        self.center, self.spread, self.path = 0.5, 0.25, path

    @property
    def config(self) -> Any:
        return MLPConfig()

    def check_input(self, x: Tensor) -> None:
        assert x.ndim == 4

    def forward(self, x: Tensor, sigma: Tensor | None = None, labels: Tensor | None = None) -> Tensor:
        variance = float(0 if sigma is None else sigma[0]) ** 2
        if not isinstance(self.covariance, Tensor):
            return self.mean + self.covariance / (self.covariance + variance) * (x - self.mean)
        noisy = self.covariance + variance * torch.eye(len(self.covariance))
        gain = torch.linalg.solve(noisy, self.covariance)
        return self.mean + ((x - self.mean).flatten(1) @ gain).reshape(x.shape)


@final
class ClassesDiffusion(Diffusion):
    """As many classes as means: x ~ N(mₖ, std²) in every value of class k, and each class as likely as another."""

    def __init__(self, means: tuple[float, ...], *, std: float) -> None:
        super().__init__()
        self.means, self.std = torch.tensor(means), std
        self.center, self.spread, self.path = 0.5, 0.25, "exploding"
        self.num_classes = len(means)

    @property
    def config(self) -> Any:
        return MLPConfig()

    def check_input(self, x: Tensor) -> None:
        assert x.ndim == 4

    def forward(self, x: Tensor, sigma: Tensor | None = None, labels: Tensor | None = None) -> Tensor:
        assert sigma is not None
        total = self.std**2 + sigma[:, None] ** 2
        squares = (x.flatten(1)[:, None] - self.means[None, :, None]).square().sum(2)  # (B, K)
        weights = torch.softmax(-squares / (2 * total), dim=1)
        if labels is not None:
            asked = torch.nn.functional.one_hot(labels.clamp(min=0), len(self.means)).to(x)
            weights = torch.where((labels < 0)[:, None], weights, asked)
        mean = (weights @ self.means)[:, None, None, None]
        return mean + (self.std**2 / total)[:, :, None, None] * (x - mean)


@final
class HalvedDiffusion(Diffusion):
    """Codes are means of 2x2 pixels, in units and with a center of their own, and every estimate is one code.

    That is 0.75 in pixels, or the mean of all codes where it `follows` them. Of the mean of the whole image each code
    has the share `seen` beside its own pixels, as that of an encoder which sees all of it.
    """

    def __init__(self, *, seen: float = 0.0, follows: bool = False) -> None:
        super().__init__()
        self.seen, self.follows = seen, follows
        self.center, self.spread, self.path = -1.0, 3.0, "straight"

    @property
    def config(self) -> Any:
        return MLPConfig()

    def check_input(self, x: Tensor) -> None:
        assert x.shape[1:] == (1, 2, 3)

    def space_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return (shape[0], shape[1] // 2, shape[2] // 2)

    def to_space(self, x: Tensor) -> Tensor:
        return 8 * (avg_pool2d(x, 2) + self.seen * x.mean((2, 3), keepdim=True)) - 4

    def from_space(self, z: Tensor) -> Tensor:
        return interpolate((z + 4) / 8, scale_factor=2)

    def forward(self, x: Tensor, sigma: Tensor | None = None, labels: Tensor | None = None) -> Tensor:
        assert x.shape[1:] == (1, 2, 3)
        return x.mean((1, 2, 3), keepdim=True).expand_as(x) if self.follows else torch.full_like(x, 2.0)


def log_density(x: Tensor, means: Tensor, *, std: float) -> Tensor:
    """log p (B,) up to a constant of a mixture of Gaussians N(mᵢ, std²I) with equal weights."""
    squares = (x.flatten(1)[:, None] - means.flatten(1)[None]).square().sum(2)  # (B, N)
    return torch.logsumexp(-squares / (2 * std**2), dim=1)


@final
class PerfectAutoencoder(Autoencoder):
    """The code is the image times a scale, and times ±1 on a chessboard where it alternates: all copies are exact."""

    def __init__(self, *, scale: float = 1.0, alternates: bool = False) -> None:
        super().__init__()
        self.scale, self.alternates = scale, alternates

    @property
    def config(self) -> Any:
        return MLPConfig()

    def check_input(self, x: Tensor) -> None:
        assert x.ndim == 4

    def encode(self, x: Tensor) -> Tensor:
        return x * self._factors(x) + 3

    def decode(self, z: Tensor) -> Tensor:
        return (z - 3) / self._factors(z)

    def _factors(self, x: Tensor) -> Tensor:
        rows, columns = (torch.arange(side) for side in x.shape[2:])
        signs = 1 - 2 * ((rows[:, None] + columns) % 2)
        return self.scale * (signs if self.alternates else torch.ones_like(signs))
