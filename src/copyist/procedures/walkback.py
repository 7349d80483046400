"""The Markov chain of a generalized denoising autoencoder: corrupt, then draw from the reconstruction distribution."""

__all__ = ["Walkback"]

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import final

import torch
from torch import Tensor

from copyist.checks import check_at_least, check_finite
from copyist.corruption import Corruption, GaussianNoise
from copyist.models.contracts import Model
from copyist.procedures.method import ApplyPart, Method
from copyist.randomness import draw_normal
from copyist.tensors import Images


@final
@dataclass(frozen=True, kw_only=True)
class Walkback(Method):
    """Corrupt by the training's corruption, and draw from p(x | x̃), in turn.

        x̃ ~ C(x),  x ~ N(D(E(x̃)), spread²)

    With the exact p(x | x̃) the data's own distribution is stationary. A Gaussian around the reconstruction is exact
    where the data are Gaussian, and near where noise is small; a `spread` of 0 takes its mean. The chain begins with
    N(mean, std²).

    Raises:
        ArgumentError: a number is out of its range.

    Source:
        Bengio et al. (2013), "Generalized Denoising Auto-Encoders as Generative Models", equation 3 and theorem 1.
    """

    corruption: Corruption = field(default_factory=lambda: GaussianNoise(sigma=0.2))
    """C, which the model was trained to undo."""

    spread: float = 0.0
    """Standard deviation of p(x | x̃) in every value, in units of pixel value; the root of a trained model's loss."""

    steps: int = 100
    """How many times to corrupt."""

    mean: float = 0.5
    """Of the noise it begins with."""

    std: float = 0.5
    """Of the noise it begins with."""

    def __post_init__(self) -> None:
        check_at_least("spread", self.spread, 0)
        check_at_least("steps", self.steps, 1)
        check_finite("mean", self.mean)
        check_at_least("std", self.std, 0)

    @property
    def num_steps(self) -> int:
        return self.steps

    def __call__(
        self, model: Model, shape: Sequence[int], *, apply: ApplyPart, generator: torch.Generator, like: Tensor
    ) -> Iterator[Images]:
        x = draw_normal(shape, mean=self.mean, std=self.std, generator=generator, like=like)
        for _ in range(self.steps):
            x = apply(model, self.corruption(x, generator=generator))
            if self.spread > 0:
                x = x + draw_normal(shape, std=self.spread, generator=generator, like=like)
            yield x
