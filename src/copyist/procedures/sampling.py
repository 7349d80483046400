"""Samples: images that begin as noise, by one of several chains, or images and rows that begin as codes."""

__all__ = ["sample", "sample_batches", "sample_steps"]

from collections.abc import Iterator

import torch

from copyist.devices import Precision, num_processes
from copyist.models.contracts import Model
from copyist.procedures.diffusion import Conditions, DiffusionMethod
from copyist.procedures.method import Method
from copyist.procedures.sampling_methods import METHODS, default_method
from copyist.procedures.sampling_plan import SamplingPlan
from copyist.tensors import Examples


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
    shared: bool = False,
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
        shared: whether the processes of a launcher, such as torchrun, share the work: each computes some of the
            batches. All have met (torch.distributed.init_process_group), make the same call, and get all samples, which
            are those of one process.

    Returns:
        Images (count, C, H, W) on the model's device, of the last size; values may leave [0, 1] a little. Of a table,
        rows (count, D) in its own units.

    Raises:
        ContractError: the model is not of the kind that the method or a condition asks for; or takes tables, which
            `Prior` alone samples; or its estimates in bf16 are far from those in float32.
        ArgumentError: a number is out of its range.
        ShapeError: the model does not take examples of this shape, or of a size to grow to.
    """
    plan = SamplingPlan.of(
        model,
        count=count,
        at_once=count,
        method=method,
        conditions=conditions,
        shape=shape,
        batch_size=batch_size,
        precision=precision,
        shared=shared,
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
    shared: bool = False,
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
        shared: whether processes share the work.

    Returns:
        The states, which are computed lazily; what cannot be sampled is refused before.

    Raises:
        ContractError, ArgumentError, ShapeError: as `sample`.
    """
    plan = SamplingPlan.of(
        model,
        count=count,
        at_once=count,
        method=method,
        conditions=conditions,
        shape=shape,
        batch_size=batch_size,
        precision=precision,
        shared=shared,
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
    shared: bool = False,
) -> Iterator[Examples]:
    """The samples of `sample`, a batch (B, C, H, W) after the other, so that many take no more memory than one batch,
    or than one of each process that shares the work.

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
        shared: whether processes share the work.

    Returns:
        The batches, which are computed lazily; what cannot be sampled is refused before.

    Raises:
        ContractError, ArgumentError, ShapeError: as `sample`.
    """
    size = count
    if isinstance(method or METHODS[default_method(model)](), DiffusionMethod) and not model.uses_batch_statistics:
        size = model.batch_size if batch_size is None else batch_size
        # A batch for each of the processes.
        size = min(count, size * num_processes() if shared else size)
    plan = SamplingPlan.of(
        model,
        count=count,
        at_once=size,
        method=method,
        conditions=conditions,
        shape=shape,
        batch_size=batch_size,
        precision=precision,
        shared=shared,
    )
    draws = generator or _seeded()
    # Each batch begins where the generator is now.
    begin = draws.get_state()
    return (
        plan.last(range(first, min(count, first + size)), torch.Generator(draws.device).set_state(begin))
        for first in range(0, count, size)
    )


def _seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)
