"""What samplers of diffusion models share: noise levels, and the way down from noise, or from an image."""

__all__ = ["DiffusionMethod"]

import abc
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import ClassVar, Literal, final, get_args

import torch
from torch import Tensor

from copyist.checks import check_at_least, check_choice, check_positive
from copyist.errors import ContractError
from copyist.models.contracts import Diffusion, Model, Path, check_answer, needs
from copyist.procedures.diffusion.ascent import ascend
from copyist.procedures.diffusion.conditions import Conditions, Task
from copyist.procedures.diffusion.noise import ExampleNoise, draw_seed
from copyist.procedures.diffusion.problem import Problem
from copyist.procedures.diffusion.states import Denoise, Noise, State
from copyist.procedures.method import ApplyPart, Method
from copyist.schedules import exploding_levels, straight_levels
from copyist.tensors import Examples


@dataclass(frozen=True, kw_only=True)
class DiffusionMethod(Method):
    """A sampler of diffusion models: from noise of the largest level down to none.

    What it draws for a sample depends on the seed and on the sample's number alone, and not on how many others there
    are.
    """

    contract: ClassVar[type[Model]] = Diffusion

    order: ClassVar[Literal[1, 2] | None] = None
    """Of its error in the flow, which it follows down or up; None of one that draws noise on the way."""

    steps: int = 30
    """N, how many noise levels there are above 0."""

    levels: Path | None = None
    """How the levels are spaced; None as in the model's training."""

    largest: float | None = None
    """The first level, in units of the spread of the model's space; None is 1000 where the levels are straight, t =
    0.999, and 160 where they explode."""

    def __post_init__(self) -> None:
        check_at_least("steps", self.steps, 1)
        if self.levels is not None:
            check_choice("levels", self.levels, get_args(Path))
        if self.largest is not None:
            check_positive("largest", self.largest)

    @final
    @property
    def num_steps(self) -> int:
        return self.steps

    @final
    def steps_of(self, strength: float) -> int:
        """How many steps are taken down from the level of this share of the schedule: rounded up."""
        # Three tenths of ten steps are three, whatever their product is in floating point.
        return math.ceil(strength * self.steps - 1e-9)

    @final
    def sigmas(self, model: Diffusion) -> tuple[float, ...]:
        """The noise levels σ₀ > … > σ_N = 0, in units of the spread of the model's space."""
        if self.path(model) == "straight":
            return straight_levels(self.steps, largest=self.largest or 1000.0)
        return exploding_levels(self.steps, largest=self.largest or 160.0)

    @final
    def path(self, model: Diffusion) -> Path:
        """The path whose levels and whose time it takes."""
        return self.levels or model.path

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
        self, denoise: Denoise, x: Tensor, sigmas: Sequence[float], *, noise: Noise, path: Path
    ) -> Iterator[State]:
        """The states after each step.

        Args:
            denoise: the model's estimate of the clean examples.
            x: noisy examples (B, ...) of the first level, in units of the spread around the center.
            sigmas: σ₀ > … > σ_N, in these units.
            noise: draws further noise.
            path: on which the levels are spaced.
        """

    @final
    def __call__(
        self,
        model: Model,
        shape: Sequence[int],
        *,
        apply: ApplyPart,
        generator: torch.Generator,
        like: Tensor,
        task: Task | None = None,
        numbers: range | None = None,
    ) -> Iterator[Examples]:
        """The estimates of the clean examples that each step began with, and last the samples, in the model's space.

        Args:
            model: the model to sample from.
            shape: (B, C, H, W) of the samples.
            apply: how the model is applied to many images.
            generator: of one seed, of which and of the sample's number all noise is a function.
            like: whose device and dtype the samples have.
            task: the conditions on the samples; None for none.
            numbers: of the samples, B of them; None counts from 0.
        """
        numbers = range(shape[0]) if numbers is None else numbers
        if task is None:
            task = Conditions().on(needs(model, Diffusion, verb="this method"), tuple(shape[1:]))
        return self._solve(
            task.problem(numbers, apply=apply, like=like), noise=ExampleNoise(draw_seed(generator), numbers)
        )

    @final
    def _solve(self, problem: Problem, *, noise: Noise) -> Iterator[Examples]:
        path, sigmas = self.path(problem.model), self.sigmas(problem.model)
        taken = self.steps_of(problem.strength)
        if taken == 0:
            yield problem.in_space(problem.start)
            return
        sigmas = sigmas[self.steps - taken :]
        x = self.ascend(problem, sigmas) if problem.deterministic else problem.start + sigmas[0] * noise(problem.start)
        states = self._descend(problem, x, sigmas, noise=noise, path=path)
        for step, state in enumerate(states, start=1):
            yield check_answer(problem.in_space(state.x)) if step == taken else problem.in_space(state.x_hat)

    @final
    def ascend(self, problem: Problem, sigmas: Sequence[float]) -> Tensor:
        """The noisy examples of the first level that the flow upward makes of the start."""
        assert self.order is not None, "a sampler that draws noise has no way back"
        path = self.path(problem.model)
        solver = partial(self.chain, noise=torch.zeros_like, path=path)
        return ascend(solver, problem.denoise, problem.start, sigmas, path=path, order=self.order)

    @final
    def _descend(
        self, problem: Problem, x: Tensor, sigmas: Sequence[float], *, noise: Noise, path: Path
    ) -> Iterator[State]:
        if problem.times == 1:
            yield from self.chain(problem.denoise, x, sigmas, noise=noise, path=path)
            return
        for sigma, following in pairwise(sigmas):
            *_, state = self.chain(problem.denoise, x, (sigma, following), noise=noise, path=path)
            # At level 0 there is no way back that keeps anything.
            for _ in range(problem.times - 1 if following > 0 else 0):
                x = state.x + math.sqrt(sigma**2 - following**2) * noise(state.x)
                *_, state = self.chain(problem.denoise, x, (sigma, following), noise=noise, path=path)
            x = state.x
            yield state

    def shown(self, model: Model, state: Examples, *, apply: ApplyPart) -> Examples:
        return apply(needs(model, Diffusion, verb="this method").from_space, state)
