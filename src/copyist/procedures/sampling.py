"""Samples: images that begin as noise, by one of several chains, or images and rows that begin as codes."""

__all__ = ["METHODS", "default_method", "named_method", "sample", "sample_steps"]

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import torch
from torch import Tensor

from copyist.checks import check_at_least, check_choice
from copyist.corruption import CORRUPTIONS, Corruption
from copyist.devices import Precision, autocast, full_float32
from copyist.errors import ShapeError
from copyist.memory import check_memory
from copyist.models.contracts import Diffusion, Model, Variational, needs
from copyist.models.in_batches import in_batches
from copyist.procedures.diffusion import Euler, Heun
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
    "euler": Euler,
    "heun": Heun,
}
"""The class of each sampling method, by its name in `copyist sample`."""


def default_method(model: Model) -> str:
    """The name of the method that samples a model unless another is requested."""
    if isinstance(model, Diffusion):
        return "heun"
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
        shape: (C, H, W) of one image, or (D,) of one row; None takes that of what the model was trained on.
        generator: of the noise; without one, seed 0.
        batch_size: images per batch, which decides the answer of a model that uses batch statistics; None takes the
            model's own.
        precision: `float32`, in which every verb computes unless another is requested; `auto` is bf16, faster and
            less exact, where the hardware computes in it and the method reads no residuals.

    Returns:
        Images (count, C, H, W) on the model's device, of the last size; values may leave [0, 1] a little. Of a table,
        rows (count, D) in its own units.

    Raises:
        ContractError: the model is not of the kind that the method asks for, or takes tables, which `Prior` alone
            samples.
        ArgumentError: a number is out of its range.
        ShapeError: the model does not take examples of this shape, or of a size to grow to.
    """
    chain, shown = _chain(
        model,
        count=count,
        method=method,
        shape=shape,
        generator=generator,
        batch_size=batch_size,
        precision=precision,
    )
    state = None
    for state in chain:  # noqa: B007 (the last one is the sample)
        pass
    assert state is not None
    return shown(state)


def sample_steps(
    model: Model,
    *,
    count: int,
    method: Method | None = None,
    shape: tuple[int, ...] | None = None,
    generator: torch.Generator | None = None,
    batch_size: int | None = None,
    precision: Precision = "float32",
) -> Iterator[Examples]:
    """The states of the chain of `sample`, one after the other, each (count, C, H, W); sides may grow.

    Args:
        model: as for `sample`, and so are all others.
        count: how many images or rows.
        method: the chain, with its settings.
        shape: of one image or row.
        generator: of the noise.
        batch_size: images or rows per batch.
        precision: of the model's arithmetic.

    Returns:
        The states, which are computed lazily; what cannot be sampled is refused before.

    Raises:
        ContractError, ArgumentError, ShapeError: as `sample`.
    """
    chain, shown = _chain(
        model,
        count=count,
        method=method,
        shape=shape,
        generator=generator,
        batch_size=batch_size,
        precision=precision,
    )
    return map(shown, chain)


def _chain(
    model: Model,
    *,
    count: int,
    method: Method | None,
    shape: tuple[int, ...] | None,
    generator: torch.Generator | None,
    batch_size: int | None,
    precision: Precision,
) -> tuple[Iterator[Tensor], Callable[[Tensor], Examples]]:
    """The states of the chain, and what makes examples of one."""
    check_at_least("count", count, 1)
    chosen = METHODS[default_method(model)]() if method is None else method
    if not chosen.takes_tables:
        model.check_pictures(verb="sample")
    model = needs(model, chosen.contract, verb="sample")
    shape = _shape_of(model, shape)
    chosen.check(model, shape)
    # A state, its copy, the noise and what they are mixed to.
    check_memory(
        4 * 4 * count * math.prod(shape),
        f"{count} samples of shape {shape}",
        remedy="take fewer (--count 64)" + ("" if model.takes_tables else " or smaller ones (--size 64)"),
    )
    if chosen.reads_residuals and precision == "auto":
        precision = "float32"
    device = next((weight.device for weight in model.parameters()), torch.device("cpu"))
    apply: ApplyPart = partial(_apply_model, model, batch_size, precision)
    chain = chosen(
        model,
        (count, *shape),
        apply=apply,
        generator=generator or torch.Generator().manual_seed(0),
        like=torch.empty(0, device=device),
    )
    return chain, partial(chosen.shown, model, apply=apply)


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
