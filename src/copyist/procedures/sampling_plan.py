"""What is sampled and how: a model, a method and the conditions, once nothing stands against them."""

__all__ = ["SamplingPlan"]

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import final

import torch
from torch import Tensor

from copyist.checks import check_at_least
from copyist.devices import Precision, autocast, resolve_for_all
from copyist.errors import ArgumentError, ContractError, ShapeError
from copyist.float32 import full_float32
from copyist.memory import check_memory
from copyist.models.contracts import Diffusion, Model, needs
from copyist.models.in_batches import in_batches
from copyist.procedures.diffusion import Conditions, DiffusionMethod
from copyist.procedures.diffusion.conditions import Task
from copyist.procedures.diffusion.half_precision import check_precision
from copyist.procedures.method import ApplyPart, Method
from copyist.procedures.sampling_methods import METHODS, default_method
from copyist.procedures.sizes import device_of
from copyist.tensors import Examples


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class SamplingPlan:
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
        shared: bool = False,
    ) -> "SamplingPlan":
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
        unset = precision == "auto"
        if chosen.reads_residuals and unset:
            precision = "float32"
        if isinstance(model, Diffusion):
            precision = check_precision(model, shape, precision)
        if shared and unset:
            # Each looks at its own machine, and all compute alike.
            precision = resolve_for_all(precision, device_of(model))
        apply: ApplyPart = partial(_apply_model, model, batch_size, precision, shared)
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
        shape, like = (len(numbers), *self.shape), torch.empty(0, device=device_of(self.model))
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
    model: Model,
    batch_size: int | None,
    precision: Precision,
    shared: bool,
    part: Callable[[Tensor], Tensor],
    x: Tensor,
) -> Tensor:
    # Where float32 is required, neither bfloat16 nor TF32 replaces it.
    full = full_float32() if precision == "float32" else contextlib.nullcontext()
    with torch.no_grad(), autocast(precision, x.device), full:
        found = in_batches(model, part, x, batch_size=batch_size, shared=shared)
        # Rows of a table may need 64 bits.
        return found if found.dtype == torch.float64 else found.float()
