"""The end of a run: the model is written, with the statistics measured on the training data, and the history."""

__all__ = ["finish", "finished_model"]

from dataclasses import replace

import torch

from copyist.models.contracts import Model
from copyist.models.latent_diffusion import LatentDiffusion
from copyist.training.divergence import compare
from copyist.training.saving import header_of
from copyist.training.sharding import whole_to_keep
from copyist.training.state import TrainingState


def finish(state: TrainingState) -> None:
    """Write the model, of the best weights, their average or the last ones as the recipe has it, and the history.

    Raises:
        OutputError: the disk is full, or the place cannot be written.
        DataError: the training examples do not tell what the model is to measure.
    """
    found, header = compare(state), header_of(state)
    if found is not None:
        header = replace(header, training={**header.training, **found.as_record()})
        if found.notice is not None:
            state.observer.notify(found.notice)
    model = finished_model(state, state.result)
    if isinstance(model, LatentDiffusion):
        header = replace(header, training={**header.training, "codes": model.moments.as_record()})
    state.store.write_model(model, header)
    state.store.write_history(state.counters.rows)


@torch.no_grad()
def finished_model(state: TrainingState, weights: Model) -> Model:
    """Weights of the run as they are used: a model like any that is loaded, in evaluation mode, on the device."""
    with torch.random.fork_rng(devices=[]):
        model = state.model_config.build()
    model.load_state_dict(whole_to_keep(weights.state_dict(), kept=True))
    model.trained_on = state.model.trained_on
    model = model.to(state.device).eval()
    if model.measured:
        model.measured_on(state.data.splits.train.examples())
    return model
