"""Samples: images that begin as noise, by one of several chains, or images and rows that begin as codes."""

__all__ = ["METHODS", "default_method", "named_method", "sample", "sample_batches", "sample_steps"]

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import final

import torch
from torch import Tensor

from copyist.checks import check_at_least, check_choice
from copyist.corruption import CORRUPTIONS, Corruption
from copyist.devices import Precision, autocast, full_float32
from copyist.errors import ArgumentError, ContractError, ShapeError
from copyist.memory import check_memory
from copyist.models.contracts import Diffusion, Model, Variational, needs
from copyist.models.in_batches import in_batches
from copyist.procedures.diffusion import (
    Ancestral,
    Conditions,
    DiffusionMethod,
    DPMSolver,
    Euler,
    Heun,
    StochasticEDM,
)
from copyist.procedures.diffusion.conditions import Task
from copyist.procedures.diffusion.half_precision import check_precision
from copyist.procedures.implicit_prior import ImplicitPrior
from copyist.procedures.langevin import Langevin
from copyist.procedures.method import ApplyPart, Method
from copyist.procedures.no_diffusion import NoDiffusion
from copyist.procedures.prior import Prior
from copyist.procedures.walkback import Walkback
from copyist.settings import change
from copyist.tensors import Examples

METHODS: Mapping[str, type[Method]] = {
    "no-diffusion": NoDiffusion,
    "langevin": Langevin,
    "walkback": Walkback,
    "implicit-prior": ImplicitPrior,
    "prior": Prior,
    "dpm-solver": DPMSolver,
    "heun": Heun,
    "euler": Euler,
    "ancestral": Ancestral,
    "stochastic-edm": StochasticEDM,
}
"""The class of each sampling method, by its name in `copyist sample`."""


def default_method(model: Model) -> str:
    """The name of the method that samples a model unless another is requested."""
    if isinstance(model, Diffusion):
        return "dpm-solver"
    return "prior" if isinstance(model, Variational) else "no-diffusion"


def named_method(name: str, assignments: Mapping[str, str]) -> Method:
    """A method with some of its settings changed, each given as a text, as `copyist sample --set` does.

    Args:
        name: of the method, one of `METHODS`.
        assignments: texts by the names of settings, in full (`corruption.sigma`) or by the last part (`sigma`).

    Raises:
        UnknownNameError: there is no such method, or it has no such setting; the nearest or all are offered.
        ArgumentError: a value is of the wrong type or out of its range.
    """
    check_choice("method", name, METHODS)
    return change(METHODS[name](), assignments, {Corruption: CORRUPTIONS}, of=name)


def sample(
    model: Model,
    *,
    count: int,
    method: Method | None = None,
    conditions: Conditions | None = None,
    shape: tuple[int, ...] | None = None,
    generator: torch.Generator | None = None,
    batch_size: int | None = None,
    precision: Precision = "float32",
) -> Examples:
    """Sample images from noise, or images and rows of a table from codes.

    Args:
        model: any that copies, or a diffusion model. To copy is enough for `NoDiffusion`; `Prior` asks for a
            likelihood, those of `copyist.procedures.diffusion` for a diffusion model, and the others for a denoiser.
        count: how many images or rows.
        method: the chain, with its settings; None takes the model's `default_method`.
        conditions: of a diffusion model: classes, an image to start from, a part of it to keep.
        shape: (C, H, W) of one image, or (D,) of one row; None takes that of the image to start from, or else of what
            the model was trained on.
        generator: of the noise; without one, seed 0.
        batch_size: images per batch, which decides the answer of a model that uses batch statistics; None takes the
            model's own.
        precision: `float32`, in which every verb computes unless another is requested; `auto` is bf16, faster and
            less exact, where the hardware computes in it and the method reads no residuals. A diffusion model's
            estimates in bf16 are compared with those in float32 before.

    Returns:
        Images (count, C, H, W) on the model's device, of the last size; values may leave [0, 1] a little. Of a table,
        rows (count, D) in its own units.

    Raises:
        ContractError: the model is not of the kind that the method or a condition asks for; or takes tables, which
            `Prior` alone samples; or its estimates in bf16 are far from those in float32.
        ArgumentError: a number is out of its range.
        ShapeError: the model does not take examples of this shape, or of a size to grow to.
    """
    plan = _Plan.of(
        model,
        count=count,
        at_once=count,
        method=method,
        conditions=conditions,
        shape=shape,
        batch_size=batch_size,
        precision=precision,
    )
    return plan.last(range(count), generator or _seeded())


def sample_steps(
    model: Model,
    *,
    count: int,
    method: Method | None = None,
    conditions: Conditions | None = None,
    shape: tuple[int, ...] | None = None,
    generator: torch.Generator | None = None,
    batch_size: int | None = None,
    precision: Precision = "float32",
) -> Iterator[Examples]:
    """The states of the chain of `sample`, one after the other, each (count, C, H, W); sides may grow.

    Of a diffusion model they are its estimates of the clean images at each step, and last the samples.

    Args:
        model: as for `sample`, and so are all others.
        count: how many images or rows.
        method: the chain, with its settings.
        conditions: on the samples.
        shape: of one image or row.
        generator: of the noise.
        batch_size: images or rows per batch.
        precision: of the model's arithmetic.

    Returns:
        The states, which are computed lazily; what cannot be sampled is refused before.

    Raises:
        ContractError, ArgumentError, ShapeError: as `sample`.
    """
    plan = _Plan.of(
        model,
        count=count,
        at_once=count,
        method=method,
        conditions=conditions,
        shape=shape,
        batch_size=batch_size,
        precision=precision,
    )
    return plan.states(range(count), generator or _seeded())


def sample_batches(
    model: Model,
    *,
    count: int,
    method: Method | None = None,
    conditions: Conditions | None = None,
    shape: tuple[int, ...] | None = None,
    generator: torch.Generator | None = None,
    batch_size: int | None = None,
    precision: Precision = "float32",
) -> Iterator[Examples]:
    """The samples of `sample`, a batch (B, C, H, W) after the other, so that many take no more memory than one batch.

    That is so of diffusion models, whose noise belongs to each sample; of others all samples come at once.

    Args:
        model: as for `sample`, and so are all others.
        count: how many images or rows, of all batches together.
        method: the chain, with its settings.
        conditions: on the samples.
        shape: of one image or row.
        generator: of the noise.
        batch_size: images or rows per batch.
        precision: of the model's arithmetic.

    Returns:
        The batches, which are computed lazily; what cannot be sampled is refused before.

    Raises:
        ContractError, ArgumentError, ShapeError: as `sample`.
    """
    size = count
    if isinstance(method or METHODS[default_method(model)](), DiffusionMethod) and not model.uses_batch_statistics:
        size = min(count, model.batch_size if batch_size is None else batch_size)
    plan = _Plan.of(
        model,
        count=count,
        at_once=size,
        method=method,
        conditions=conditions,
        shape=shape,
        batch_size=batch_size,
        precision=precision,
    )
    draws = generator or _seeded()
    # Each batch begins where the generator is now.
    begin = draws.get_state()
    return (
        plan.last(range(first, min(count, first + size)), torch.Generator(draws.device).set_state(begin))
        for first in range(0, count, size)
    )


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _Plan:
    """What is sampled and how, once nothing stands against it."""

    model: Model
    method: Method
    task: Task | None
    shape: tuple[int, ...]
    apply: ApplyPart

    @classmethod
    def of(
        cls,
        model: Model,
        *,
        count: int,
        at_once: int,
        method: Method | None,
        conditions: Conditions | None,
        shape: tuple[int, ...] | None,
        batch_size: int | None,
        precision: Precision,
    ) -> "_Plan":
        check_at_least("count", count, 1)
        check_at_least("batch size", 1 if batch_size is None else batch_size, 1)
        chosen = METHODS[default_method(model)]() if method is None else method
        if not chosen.takes_tables:
            model.check_pictures(verb="sample")
        model = needs(model, chosen.contract, verb="sample")
        images = None if conditions is None else conditions.images
        shape = tuple(images.shape[1:]) if shape is None and images is not None else shape
        shape = _shape_of(model, shape)
        chosen.check(model, shape)
        task = None if conditions is None else _task(model, chosen, conditions, shape)
        # A state, its copy, the noise and what they are mixed to.
        check_memory(
            4 * 4 * at_once * math.prod(shape),
            f"{at_once} samples of shape {shape}",
            remedy="take fewer (--count 64)" + ("" if model.takes_tables else " or smaller ones (--size 64)"),
        )
        if chosen.reads_residuals and precision == "auto":
            precision = "float32"
        if isinstance(model, Diffusion):
            precision = check_precision(model, shape, precision)
        apply: ApplyPart = partial(_apply_model, model, batch_size, precision)
        return cls(model=model, method=chosen, task=task, shape=shape, apply=apply)

    def states(self, numbers: range, generator: torch.Generator) -> Iterator[Examples]:
        """The examples after each step of the samples of these numbers."""
        return map(partial(self._shown, numbers), self._chain(numbers, generator))

    def last(self, numbers: range, generator: torch.Generator) -> Examples:
        """The samples of these numbers."""
        state = None
        for state in self._chain(numbers, generator):  # noqa: B007 (the last one is the sample)
            pass
        assert state is not None
        return self._shown(numbers, state)

    def _chain(self, numbers: range, generator: torch.Generator) -> Iterator[Tensor]:
        device = next((weight.device for weight in self.model.parameters()), torch.device("cpu"))
        shape, like = (len(numbers), *self.shape), torch.empty(0, device=device)
        if not isinstance(self.method, DiffusionMethod):
            return self.method(self.model, shape, apply=self.apply, generator=generator, like=like)
        return self.method(
            self.model, shape, apply=self.apply, generator=generator, like=like, task=self.task, numbers=numbers
        )

    def _shown(self, numbers: range, state: Tensor) -> Examples:
        x = self.method.shown(self.model, state, apply=self.apply)
        return x if self.task is None else self.task.over(x, numbers)


def _task(model: Model, method: Method, conditions: Conditions, shape: tuple[int, ...]) -> Task:
    if not isinstance(method, DiffusionMethod):
        raise ContractError(
            f"classes, images and masks need a sampler of diffusion models, got {type(method).__name__}; take such a "
            "model, or leave them out"
        )
    if conditions.deterministic and method.order is None:
        raise ArgumentError(
            f"the noise of an image is found by a sampler that draws none, got {type(method).__name__}; take "
            "dpm-solver, heun or euler (--method heun)"
        )
    return conditions.on(needs(model, Diffusion, verb="sample"), shape)


def _seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def _shape_of(model: Model, shape: tuple[int, ...] | None) -> tuple[int, ...]:
    """The requested shape, or that of the examples the model was trained on."""
    found = shape or model.example_shape
    if model.takes_tables and (found is None or len(found) != 1):
        raise ShapeError(f"shape must be (D,) of one row of a table, got {found}; leave it out")
    if not model.takes_tables and (found is None or len(found) != 3):
        raise ShapeError(f"shape must be (C, H, W) of one image, got {found}; give one, as in shape=(3, 32, 32)")
    assert found is not None
    return found


def _apply_model(
    model: Model, batch_size: int | None, precision: Precision, part: Callable[[Tensor], Tensor], x: Tensor
) -> Tensor:
    # Where float32 is required, neither bfloat16 nor TF32 replaces it.
    full = full_float32() if precision == "float32" else contextlib.nullcontext()
    with torch.no_grad(), autocast(precision, x.device), full:
        found = in_batches(model, part, x, batch_size=batch_size)
        # Rows of a table may need 64 bits.
        return found if found.dtype == torch.float64 else found.float()
