"""Samples of the prior that a blind denoiser implies: ascend its residual, whose norm estimates the noise left."""

__all__ = ["ImplicitPrior"]

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from copyist.checks import check_at_least, check_finite, check_positive, check_within
from copyist.errors import ArgumentError
from copyist.models.contracts import Model
from copyist.procedures.method import ApplyPart, Method
from copyist.randomness import draw_normal
from copyist.tensors import Images


@final
@dataclass(frozen=True, kw_only=True)
class ImplicitPrior(Method):
    """Coarse-to-fine stochastic ascent: partial denoising steps, each with less noise added than was removed.

        d = D(E(y)) − y,  σ² = ‖d‖² / N,  h = h₀·t / (1 + h₀·(t − 1)),  γ² = ((1 − β·h)² − (1 − h)²)·σ²
        y ← y + h·d + γ·z,  z ~ N(0, I)

    It begins with N(mean, σ₀²). The residual's size is what is known of the noise in each image, so the model must be
    blind: trained on a range of σ. An image stands still once its σ is below `last_sigma`; the chain ends when all do.

    Raises:
        ArgumentError: a noise level is not greater than 0 or the last exceeds the first, or a number is out of its
            range.

    Source:
        Kadkhodaie & Simoncelli (2021), "Stochastic Solutions for Linear Inverse Problems using the Prior Implicit in a
        Denoiser", algorithm 1.
    """

    reads_residuals: ClassVar[bool] = True

    sigma: float = 1.0
    """σ₀ of the noise it begins with, in units of pixel value."""

    last_sigma: float = 0.01
    """σ_L: less noise than that is left in."""

    first_step: float = 0.01
    """h₀ in (0, 1], the share of the residual taken at first; it grows toward all of it."""

    beta: float = 0.01
    """β in [0, 1]: with 1 no noise is added, and the smaller the more."""

    steps: int = 2000
    """At most so many."""

    mean: float = 0.5
    """Of the noise it begins with."""

    def __post_init__(self) -> None:
        check_positive("sigma", self.sigma)
        check_positive("last_sigma", self.last_sigma)
        if self.last_sigma > self.sigma:
            raise ArgumentError(
                f"noise must fall, got sigma {self.sigma} and last_sigma {self.last_sigma}; "
                "lower the last (--set last_sigma=…)"
            )
        check_positive("first_step", self.first_step)
        check_within("first_step", self.first_step, 0, 1)
        check_within("beta", self.beta, 0, 1)
        check_at_least("steps", self.steps, 1)
        check_finite("mean", self.mean)

    @property
    def num_steps(self) -> int:
        return self.steps

    def __call__(
        self, model: Model, shape: Sequence[int], *, apply: ApplyPart, generator: torch.Generator, like: Tensor
    ) -> Iterator[Images]:
        y = draw_normal(shape, mean=self.mean, std=self.sigma, generator=generator, like=like)
        moving = torch.ones(shape[0], dtype=torch.bool, device=y.device)
        for t in range(1, self.steps + 1):
            d = apply(model, y) - y
            sigma = d.square().mean((1, 2, 3), keepdim=True).sqrt()  # (B, 1, 1, 1)
            moving = moving & (sigma.flatten() >= self.last_sigma)
            if not moving.any():
                # Shown again, or for the first time where there was nothing to remove.
                yield y
                return
            h = self.first_step * t / (1 + self.first_step * (t - 1))
            gamma = ((1 - self.beta * h) ** 2 - (1 - h) ** 2) ** 0.5 * sigma
            step = h * d + gamma * draw_normal(shape, generator=generator, like=like)
            y = torch.where(moving[:, None, None, None], y + step, y)
            yield y
