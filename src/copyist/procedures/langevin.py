"""Langevin's chain: a small step along the score, and noise to match."""

__all__ = ["Langevin"]

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from copyist.checks import check_at_least, check_finite, check_positive
from copyist.errors import ArgumentError
from copyist.models.contracts import Model
from copyist.procedures.method import ApplyPart, Method
from copyist.randomness import draw_normal
from copyist.tensors import Images


@final
@dataclass(frozen=True, kw_only=True)
class Langevin(Method):
    """Unadjusted Langevin dynamics with the score that a denoiser's residual is, level by level of falling noise.

        x ← x + (α/2)·∇ log p_σ(x) + √α·z,  z ~ N(0, I),  α = rate·σ²,  ∇ log p_σ(x) = (D(E(x)) − x) / σ²

    The first level begins with N(mean, σ²), and each next one where the last ended. With one level the noise is fixed:
    many steps draw from p_σ, the data with noise of that σ, but for a bias that falls with `rate`. The model must
    remove noise of every level, as a blind denoiser does.

    Raises:
        ArgumentError: a noise level is not greater than 0 or the last exceeds the first, or a number is out of its
            range.

    Source:
        Alain & Bengio (2014), section 4, for one level; Song & Ermon (2019), algorithm 1, with ε = rate·σ_L².
    """

    reads_residuals: ClassVar[bool] = True

    sigma: float = 1.0
    """The first noise level, in units of pixel value."""

    last_sigma: float | None = 0.01
    """The last; the levels between fall by equal factors. None stays at the first."""

    levels: int = 10
    """How many noise levels."""

    steps: int = 100
    """Steps per level."""

    rate: float = 0.2
    """α / σ², greater than 0 and less than 4, from where on the chain runs away."""

    mean: float = 0.5
    """Of the noise it begins with."""

    def __post_init__(self) -> None:
        check_positive("sigma", self.sigma)
        if self.last_sigma is not None:
            check_positive("last_sigma", self.last_sigma)
            if self.last_sigma > self.sigma:
                raise ArgumentError(
                    f"noise must fall, got sigma {self.sigma} and last_sigma {self.last_sigma}; "
                    "lower the last (--set last_sigma=…)"
                )
        check_at_least("levels", self.levels, 1)
        check_at_least("steps", self.steps, 1)
        check_positive("rate", self.rate)
        if self.rate >= 4:
            raise ArgumentError(f"rate must be less than 4, got {self.rate}; larger steps run away")
        check_finite("mean", self.mean)

    @property
    def sigmas(self) -> tuple[float, ...]:
        """The noise levels, in order; one alone where they do not fall."""
        if self.last_sigma is None or self.levels == 1:
            return (self.sigma,) * self.levels
        ratio = self.last_sigma / self.sigma
        return tuple(self.sigma * ratio ** (level / (self.levels - 1)) for level in range(self.levels))

    @property
    def num_steps(self) -> int:
        return self.levels * self.steps

    def __call__(
        self, model: Model, shape: Sequence[int], *, apply: ApplyPart, generator: torch.Generator, like: Tensor
    ) -> Iterator[Images]:
        x = draw_normal(shape, mean=self.mean, std=self.sigma, generator=generator, like=like)
        for sigma in self.sigmas:
            for _ in range(self.steps):
                z = draw_normal(shape, generator=generator, like=like)
                # σ² of the step and of the score cancel.
                x = x + self.rate / 2 * (apply(model, x) - x) + self.rate**0.5 * sigma * z
                yield x
