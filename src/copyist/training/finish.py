"""The end of a run: the model is written, with the statistics measured on the training data, and the history."""

__all__ = ["finish"]

import torch

from copyist.checkpoint import Header
from copyist.models.contracts import Model
from copyist.settings import dump
from copyist.training.config import CATALOGUES
from copyist.training.state import TrainingState


def finish(state: TrainingState) -> None:
    """Write the model, of the best weights, their average or the last ones as the recipe has it, and the history.

    Raises:
        OutputError: the disk is full, or the place cannot be written.
        DataError: the training examples do not tell what the model is to measure.
    """
    state.store.write_model(_finished_model(state), _header(state))
    state.store.write_history(state.counters.rows)


@torch.no_grad()
def _finished_model(state: TrainingState) -> Model:
    """The result as it is used: a model like any that is loaded, in evaluation mode, on the device."""
    with torch.random.fork_rng(devices=[]):
        model = state.model_config.build()
    model.load_state_dict(state.result.state_dict())
    model.trained_on = state.model.trained_on
    model = model.to(state.device).eval()
    if model.measured:
        model.measured_on(state.data.splits.train.examples())
    return model


def _header(state: TrainingState) -> Header:
    """The header of the model file: the model, and how it was trained."""
    counters = state.counters
    losses = [row.validation_loss for row in counters.rows if row.validation_loss is not None]
    return Header(
        model=dump(state.model_config, CATALOGUES),
        batch_size=state.recipe.training.batch_size,
        data=state.summary,
        recipe=state.identity["recipe"],
        training={
            "seed": state.seed,
            "steps": counters.step,
            "seconds": round(counters.seconds, 1),
            "validation_loss": losses[-1] if losses else None,
            "lowest_validation_loss": min(losses, default=None),
            "loss_was_not_finite_at": counters.fell_at,
            "device": state.device.type,
            "torch": torch.__version__,
            **({} if state.start is None else {"start": state.start.fingerprint}),
        },
    )
