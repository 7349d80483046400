"""What samplers of diffusion models share: noise levels, the denoiser they call, and the states they go through."""

__all__ = ["Denoise", "DiffusionMethod", "State"]

import abc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias, final, get_args

import torch
from torch import Tensor

from copyist.checks import check_at_least, check_choice, check_positive
from copyist.errors import ContractError
from copyist.models.contracts import Diffusion, Model, needs
from copyist.procedures.method import ApplyPart, Method
from copyist.randomness import draw_normal
from copyist.schedules import exploding_levels, straight_levels
from copyist.tensors import Examples

Denoise: TypeAlias = Callable[[Tensor, float], Tensor]
"""D(x; σ), the estimate (B, ...) of the clean examples, for noisy examples (B, ...) and their noise level."""

Levels: TypeAlias = Literal["straight", "exploding"]
"""How noise levels are spaced: `straight_levels` or `exploding_levels`."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class State:
    """Where a sampler is after a step, in the model's space."""

    x: Tensor
    """(B, ...), noisy examples of the noise level that the step led to; after the last the samples."""

    x_hat: Tensor
    """(B, ...), the estimate of the clean examples that the step began with."""


@dataclass(frozen=True, kw_only=True)
class DiffusionMethod(Method):
    """A sampler of diffusion models: from noise of the largest level down to none."""

    contract: ClassVar[type[Model]] = Diffusion

    steps: int = 30
    """N, how many noise levels there are above 0."""

    levels: Levels | None = None
    """How the levels are spaced; None as in the model's training."""

    largest: float | None = None
    """The first level, in units of the spread of the model's space; None is 1000 where the levels are straight, t =
    0.999, and 160 where they explode."""

    def __post_init__(self) -> None:
        check_at_least("steps", self.steps, 1)
        if self.levels is not None:
            check_choice("levels", self.levels, get_args(Levels))
        if self.largest is not None:
            check_positive("largest", self.largest)

    @final
    @property
    def num_steps(self) -> int:
        return self.steps

    @final
    def sigmas(self, model: Diffusion) -> tuple[float, ...]:
        """The noise levels σ₀ > … > σ_N = 0, in units of the model's space."""
        if (self.levels or model.path) == "straight":
            levels = straight_levels(self.steps, largest=self.largest or 1000.0)
        else:
            levels = exploding_levels(self.steps, largest=self.largest or 160.0)
        return tuple(model.spread * level for level in levels)

    def check(self, model: Model, shape: tuple[int, ...]) -> None:
        diffusion = needs(model, Diffusion, verb="this method")
        if diffusion.lacks_first_stage:
            raise ContractError(
                "samples must be decoded by a first stage, got the denoiser of codes alone; take the whole model, as "
                "its training wrote it"
            )
        super().check(diffusion, diffusion.space_shape(shape))

    @abc.abstractmethod
    def chain(
        self, denoise: Denoise, x: Tensor, sigmas: Sequence[float], *, generator: torch.Generator
    ) -> Iterator[State]:
        """The states after each step.

        Args:
            denoise: the model's estimate of the clean examples.
            x: noise (B, ...) of the first level, around the center of the model's space.
            sigmas: σ₀ > … > σ_N.
            generator: of further noise.
        """

    @final
    def __call__(
        self, model: Model, shape: Sequence[int], *, apply: ApplyPart, generator: torch.Generator, like: Tensor
    ) -> Iterator[Examples]:
        diffusion = needs(model, Diffusion, verb="this method")
        count, *example_shape = shape
        sigmas = self.sigmas(diffusion)
        space = (count, *diffusion.space_shape(tuple(example_shape)))
        x = draw_normal(space, mean=diffusion.center, std=sigmas[0], generator=generator, like=like)

        def denoise(x: Tensor, sigma: float) -> Tensor:
            return apply(lambda part: diffusion(part, part.new_full((len(part),), sigma)), x)

        for step, state in enumerate(self.chain(denoise, x, sigmas, generator=generator), start=1):
            yield state.x if step == self.steps else state.x_hat

    def shown(self, model: Model, state: Examples, *, apply: ApplyPart) -> Examples:
        return apply(needs(model, Diffusion, verb="this method").from_space, state)
