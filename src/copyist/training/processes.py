"""Several processes that share a run: what they divide, and what is refused."""

__all__ = ["check_processes", "check_resumed", "draws_of_step", "sharing_record", "statistics_batch"]

from collections.abc import Iterator
from typing import Any

import torch
from accelerate import Accelerator, DistributedType
from torch import nn

from copyist.errors import ArgumentError, CheckpointError
from copyist.models.latent_diffusion import LatentDiffusionConfig
from copyist.nn.norm import has_batch_statistics
from copyist.objectives import Objective
from copyist.randomness import SharedGenerator, derive, generator
from copyist.training.config import Recipe, Training
from copyist.training.resumption import RecordedRun

_REPLICATING = (DistributedType.NO, DistributedType.MULTI_GPU, DistributedType.MULTI_CPU)
"""Ways to spread a run in which every process has the whole model."""


def check_processes(recipe: Recipe, accelerator: Accelerator) -> None:
    """Refuse, before any work, a run that these processes cannot share.

    Raises:
        ArgumentError: a batch cannot be divided evenly among them, or they are to divide the model.
    """
    if accelerator.distributed_type not in _REPLICATING:
        raise ArgumentError(
            f"every process of a run must have the whole model, got {accelerator.distributed_type.value} from the "
            "settings of accelerate; leave its sharding out (accelerate launch --multi_gpu), and divide the weights by "
            "--set sharding=full"
        )
    count = accelerator.num_processes
    if count > 1:
        _check_sharding(recipe)
    for training in _trainings(recipe):
        size = training.batch_size
        if size % count:
            raise ArgumentError(
                f"a batch must be divided evenly among the processes of a run, got {size} examples and {count} "
                f"processes; take --set batch_size={count * max(1, round(size / count))}"
            )


def check_resumed(training: Training, model: nn.Module, recorded: RecordedRun, *, now: int) -> str | None:
    """Refuse to go on with another number of processes where that would make another model.

    It does not where each step is that of the whole batch, which is all there is to most models.

    Args:
        training: how the model is trained.
        model: what is trained.
        recorded: what the saved state says of the run.
        now: how many processes are to train it.

    Returns:
        A sentence where their number changes.

    Raises:
        CheckpointError: the model is normalized by the part of a batch that one process has.
    """
    before = recorded.processes
    if before == now:
        return None
    if training.batch_statistics == "per-device" and has_batch_statistics(model):
        raise CheckpointError(
            f"the run in {recorded.place} normalizes by the statistics of each device's part of a batch, and must go "
            f"on with as many processes, {before}, got {now}; take --devices {before}"
        )
    return f"the run was shared by {before} processes and goes on with {now}; its steps are the same but for rounding"


def sharing_record(training: Training, model: nn.Module, *, num_processes: int) -> dict[str, Any]:
    """How many processes share a run, and by what they normalize, for its model file; nothing of one alone."""
    if num_processes == 1:
        return {}
    statistics = {"batch_statistics": training.batch_statistics} if has_batch_statistics(model) else {}
    return {"processes": num_processes, **statistics}


def statistics_batch(training: Training, *, num_processes: int) -> int:
    """How many examples are normalized together in training, where a model normalizes by the batch."""
    divided = training.batch_statistics == "per-device"
    return training.batch_size // num_processes if divided else training.batch_size


def draws_of_step(seed: int, step: int, part: int, accelerator: Accelerator) -> torch.Generator:
    """Where the draws of a batch come from: the same numbers, however many processes share it."""
    if accelerator.num_processes == 1:
        return generator(seed, "objective", step, part, 0)
    own = derive(seed, "objective", step, part, 0)
    return SharedGenerator.of(own, rank=accelerator.process_index, world_size=accelerator.num_processes)


def _check_sharding(recipe: Recipe) -> None:
    """Refuse what asks for the whole weights beside a step, in the run or in that of its first stage."""
    full, first = recipe.training.sharding == "full", recipe.first_stage
    _check_divided(recipe.training, recipe.objective)
    if first is not None:
        _check_divided(first.training, first.objective, prefix="first_stage.training.")
    _refuse(
        (full and recipe.pretraining is not None, "pretraining", "pretraining=none"),
        (full and isinstance(recipe.model, LatentDiffusionConfig), "a first stage", "sharding=none"),
    )


def _check_divided(training: Training, objective: Objective, *, prefix: str = "") -> None:
    full = training.sharding == "full"
    repairs = f"the repairs of {type(objective).__name__}"
    per_device = training.batch_statistics == "per-device"
    _refuse(
        (full and objective.repair is not None, repairs, f"{prefix}sharding=none"),
        (full and training.compile, "compiling", f"{prefix}compile=false"),
        (full and per_device, "statistics per device", f"{prefix}batch_statistics=synchronized"),
    )


def _refuse(*cases: tuple[bool, str, str]) -> None:
    """The first case that is so: what is beside divided weights, and the setting without it."""
    for asked, what, option in cases:
        if asked:
            raise ArgumentError(
                f"weights that processes divide must change by steps of the optimizer alone, got {what} beside "
                f"sharding=full; take --set {option}"
            )


def _trainings(recipe: Recipe) -> Iterator[Training]:
    yield recipe.training
    if recipe.first_stage is not None:
        yield recipe.first_stage.training
