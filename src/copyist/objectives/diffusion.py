"""Denoising at known noise levels: on the straight path, and with the weights of EDM."""

__all__ = ["EDM", "StraightPath"]

import abc
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from copyist.checks import check_finite, check_positive, check_within
from copyist.errors import ContractError
from copyist.models.contracts import NO_CLASS, Diffusion, Model, Path, needs
from copyist.objectives.base import Objective
from copyist.randomness import draw_normal, draw_uniform
from copyist.tensors import Images, PerImage

_SHOWN = (0.5, 1.0, 4.0)
"""Noise levels of the pictures of progress, in units of the spread."""

_FIRST = 0.05
"""The least share of noise whose square the loss on the straight path is divided by."""


@dataclass(frozen=True, kw_only=True)
class _Diffusing(Objective):
    """The weighted squared error of the clean example, at noise levels drawn anew for every example.

    mean w(s)·(D(x + σ·ε; σ) − x)² / spread²,  s = σ / spread,  ε ~ N(0, I)
    """

    trains: ClassVar[type[Model]] = Diffusion

    path: ClassVar[Path]
    """Of the models that it trains."""

    conditional: bool = False
    """Whether the model is given the class of each example, so that it can be asked for one."""

    without_class: float = 0.1
    """The share of examples whose class it is not given, in [0, 1]: guidance needs the model without it, too."""

    mean: float = 0.0
    """Of the logarithm of s."""

    std: float = 1.0
    """Of the logarithm of s, which is drawn from a normal distribution."""

    def __post_init__(self) -> None:
        check_within("without_class", self.without_class, 0, 1)
        check_finite("mean", self.mean)
        check_positive("std", self.std)

    @abc.abstractmethod
    def weight(self, s: Tensor) -> Tensor:
        """w(s) (B,), for noise levels (B,) in units of the spread."""

    @final
    @property
    def uses_labels(self) -> bool:
        return self.conditional

    @final
    def check_settings(self, model: Model) -> None:
        path = needs(model, Diffusion, verb=type(self).__name__).path
        if path != self.path:
            other = "clean" if self.path == "straight" else "edm"
            raise ContractError(
                f"{type(self).__name__} trains models on the {self.path} path, and this one is on the {path} one; "
                f"take another objective, or --set parameterization={other}"
            )

    @final
    def __call__(self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        diffusion = needs(model, Diffusion, verb=type(self).__name__)
        return self.errors(diffusion, x, generator=generator, labels=labels).mean()

    @final
    def errors(
        self, model: Diffusion, x: Images, *, generator: torch.Generator, labels: Tensor | None = None
    ) -> PerImage:
        """The loss of each example, (B,)."""
        s = (self.mean + self.std * draw_normal((len(x),), generator=generator, like=x)).exp()
        sigma = model.spread * s
        x_tilde = x + sigma[:, None, None, None] * draw_normal(x.shape, generator=generator, like=x)
        given = None if labels is None or not self.conditional else self._without_some(labels, generator)
        found = model(x_tilde, sigma, given).float()
        squares = (found - x).square().flatten(1).mean(1) / model.spread**2
        return self.weight(s) * squares

    @final
    def pictures(self, model: Model, x: Images, *, generator: torch.Generator) -> Mapping[str, Images]:
        """The images, and for three noise levels the noisy images and what the model makes of them; codes decoded."""
        diffusion = needs(model, Diffusion, verb=type(self).__name__)
        rows = {"image": x}
        for s in _SHOWN:
            sigma = torch.full((len(x),), s * diffusion.spread, device=x.device)
            x_tilde = x + sigma[:, None, None, None] * draw_normal(x.shape, generator=generator, like=x)
            rows |= {f"noise of {s:g} spreads": x_tilde, f"its estimate, {s:g}": diffusion(x_tilde, sigma).float()}
        return {name: diffusion.from_space(row).float() for name, row in rows.items()}

    def _without_some(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        dropped = draw_uniform((len(labels),), generator=generator) < self.without_class
        return torch.where(dropped.to(labels.device), NO_CLASS, labels)


@final
@dataclass(frozen=True, kw_only=True)
class StraightPath(_Diffusing):
    """The squared error of the velocity on the straight path, of a model that predicts the clean example.

        z = (1 − t)·x + t·ε,  v = ε − x,  v̂ = (z − D) / t;  mean (v̂ − v)² / spread² = mean (D − x)² / (t·spread)²

    with t = s / (1 + s), so that log s ~ N(mean, std²) makes t logit-normal, and x in units around the center. A t
    below 0.05 counts as 0.05, as in the paper.

    Source:
        Li & He (2025), "Back to Basics: Let Denoising Generative Models Denoise", arXiv 2511.13720, section 4; Esser et
        al. (2024), section 3.1, for the law of t.
    """

    path: ClassVar[Path] = "straight"

    def weight(self, s: Tensor) -> Tensor:
        return (s / (1 + s)).clamp(min=_FIRST) ** -2


@final
@dataclass(frozen=True, kw_only=True)
class EDM(_Diffusing):
    """The loss of Karras et al. (2022), whose weight makes the network's own error count alike at all noise levels.

        w(s) = (1 + s²) / s²

    A mean of −0.5 and a deviation of 1.2 are those of the paper, where the spread is 0.5.

    Source:
        Karras et al. (2022), "Elucidating the Design Space of Diffusion-Based Generative Models", equation 2 and table
        1.
    """

    path: ClassVar[Path] = "exploding"

    mean: float = -0.5
    """Of the logarithm of s."""

    std: float = 1.2
    """Of the logarithm of s, which is drawn from a normal distribution."""

    def weight(self, s: Tensor) -> Tensor:
        return 1 + s.square().reciprocal()
