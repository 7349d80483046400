"""How the state of a run is saved, and taken up again with the same bits."""

__all__ = ["begin_run", "header_of", "restore_state", "resume_run", "save_state"]

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from copyist.checkpoint import FORMAT_VERSION, Header
from copyist.settings import dump
from copyist.training.config import CATALOGUES
from copyist.training.counters import Counters
from copyist.training.history import kept_row
from copyist.training.processes import check_resumed, sharing_record
from copyist.training.resumption import RecordedRun
from copyist.training.sharding import take_whole_state, whole_to_keep
from copyist.training.state import TrainingState


def begin_run(state: TrainingState, *, overwrite: bool) -> None:
    """Take the place of what was there, where that is to be replaced, and keep the state before the first step.

    Raises:
        OutputError: another run has begun here, the disk is full, or the place cannot be written.
    """
    state.store.begin(overwrite=overwrite)
    save_state(state)


def resume_run(state: TrainingState) -> None:
    """Go on from the last saved state, perhaps to another number of steps.

    Raises:
        CheckpointError: it is damaged, was saved by another version, or belongs to another run.
        OutputError: the disk is full, or the place cannot be written.
    """
    document, tensors = state.store.read_state()
    # All processes must have read it before one writes another.
    state.accelerator.wait_for_everyone()
    recorded = RecordedRun.of(document, place=str(state.store))
    recipe = dump(state.recipe, CATALOGUES)
    recorded.check_settings(recipe, seed=state.seed, purpose=state.purpose)
    recorded.check_data(
        state.summary, source=state.recipe.data, start=state.start_fingerprint, first_stage=state.given_first_stage
    )
    notices = [check_resumed(state.recipe.training, state.model, recorded, now=state.accelerator.num_processes)]
    state.start_fingerprint, state.given_first_stage = recorded.start, recorded.first_stage
    state.purpose = state.purpose or recorded.purpose
    # What `auto` meant when the run was begun, whatever this machine would choose now.
    state.precision = "bf16" if recorded.precision == "bf16" else "float32" if recorded.precision else state.precision
    _take(state, document, tensors)
    state.draw_again()
    state.store.clear_unfinished()
    if recorded.recipe != recipe:
        notices.append(recorded.steps_notice(state.recipe.training.steps))
        save_state(state)
    for notice in filter(None, notices):
        state.observer.notify(notice)
    if not state.finished:
        # A model of fewer steps is not that of the run as it goes on; the state has its weights.
        state.store.drop_model()


def save_state(state: TrainingState) -> None:
    """Keep the state to go on from.

    Raises:
        OutputError: the disk is full, or the place cannot be written; the state before is untouched.
    """
    tensors = {
        f"{name}.{key}": value for name, module in state.modules().items() for key, value in module.state_dict().items()
    }
    tensors |= {f"optimizer.{key}": value for key, value in state.descent.moments().items()}
    document = {
        "format_version": FORMAT_VERSION,
        "counters": asdict(state.counters),
        "identity": _identity(state),
        "header": asdict(header_of(state)),
        **({} if state.purpose is None else {"purpose": state.purpose}),
    }
    state.store.save_state(document, whole_to_keep(tensors, kept=state.store.keeps_states))
    state.saved_step = state.counters.step
    state.accelerator.wait_for_everyone()


def restore_state(state: TrainingState) -> None:
    """Put everything back to the last saved state.

    Raises:
        CheckpointError: it is damaged, or was saved by another version.
    """
    _take(state, *state.store.read_state())


def header_of(state: TrainingState) -> Header:
    """The header of a file with the model as the run would make it now, and how it was trained."""
    counters, config = state.counters, state.recipe.training
    row = kept_row(counters.rows, best=state.best is not None)
    losses = [row.validation_loss for row in counters.rows if row.validation_loss is not None]
    return Header(
        model=dump(state.model_config, CATALOGUES),
        batch_size=state.statistics_batch,
        data=state.summary,
        recipe=dump(state.recipe, CATALOGUES),
        training={
            "seed": state.seed,
            "steps": counters.step,
            **({} if state.finished else {"planned_steps": config.steps}),
            "kept_step": counters.step if row is None or state.best is None else row.step,
            "seconds": round(counters.seconds, 1),
            "validation_loss": None if row is None else row.validation_loss,
            "lowest_validation_loss": min(losses, default=None),
            "loss_was_not_finite_at": counters.fell_at,
            "device": state.device.type,
            "torch": torch.__version__,
            "precision": state.precision,
            **_origin(state),
            **sharing_record(config, state.model, num_processes=state.accelerator.num_processes),
        },
    )


def _identity(state: TrainingState) -> dict[str, Any]:
    """What tells this run from another."""
    return {
        "seed": state.seed,
        "data": state.summary["fingerprint"],
        "recipe": dump(state.recipe, CATALOGUES),
        **({"labels": state.summary["labels"]} if "labels" in state.summary else {}),
        **_origin(state),
    }


def _origin(state: TrainingState) -> dict[str, str]:
    """The fingerprints of the weights that a run was given, where it was given any."""
    given = {"start": state.start_fingerprint, "first_stage": state.given_first_stage}
    return {name: fingerprint for name, fingerprint in given.items() if fingerprint is not None}


def _take(state: TrainingState, document: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
    """Make the state what a saved one holds."""
    for name, module in state.modules().items():
        take_whole_state(module, _under(f"{name}.", tensors))
    state.descent.restore(_under("optimizer.", tensors))
    state.counters = Counters.of(document["counters"])
    state.saved_step = state.counters.step


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
