"""Whether a run has learned anything: its held-out loss beside that of the mean image, or before the first step."""

__all__ = ["Comparison", "compare"]

from dataclasses import dataclass
from typing import Any, final

import torch
from torch.nn import functional as F

from copyist.devices import values_of_first
from copyist.errors import CopyistError
from copyist.models.contracts import Reconstructor
from copyist.objectives import Copying, CrossEntropy, Denoising, WalkingBack
from copyist.training.history import kept_row
from copyist.training.start import build_model
from copyist.training.state import TrainingState

_RISEN = 2.0
"""A training loss so many times that before the first step has risen, wherever it comes to lie at the end."""

_RISING = 1.05
"""A held-out loss so many times the lowest one does not fall any more."""

_LOWER = 0.1
"""Of the learning rate, as the remedy has it."""


@final
@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The held-out loss of a finished run, and what it stands beside."""

    loss: float
    """Of the weights that are kept."""

    mean_loss: float | None
    """Of answering everything with the mean of the training examples; None where the objective has no such loss."""

    first_loss: float | None
    """Before the first step; None where it was not needed, or is not known."""

    diverged: bool
    """Whether the loss has grown by training."""

    notice: str | None
    """A sentence on a run that is no better than the mean image, or than no training; None on all others."""

    def as_record(self) -> dict[str, Any]:
        """For the training record of a model file."""
        return {"mean_image_loss": self.mean_loss, "first_loss": self.first_loss, "diverged": self.diverged}


def compare(state: TrainingState) -> Comparison | None:
    """Compare the held-out loss at the end of a run, where there is one, with what needs no training."""
    rows = state.counters.rows
    row = kept_row(rows, best=state.best is not None)
    if row is None or row.validation_loss is None:
        return None
    loss, mean = row.validation_loss, _mean_loss(state)
    if mean is not None:
        # By which all processes look at the first weights, or none.
        mean = values_of_first([mean], device=state.device)[0]
    if mean is not None and loss <= mean:
        return Comparison(loss=loss, mean_loss=mean, first_loss=None, diverged=False, notice=None)
    first = _first_loss(state)
    risen = first is not None and max(each.loss for each in rows) > _RISEN * first
    grown = first is not None and loss > first and row.loss > first
    diverged = grown or (mean is not None and risen)
    return Comparison(
        loss=loss,
        mean_loss=mean,
        first_loss=first,
        diverged=diverged,
        notice=_notice(state, loss=loss, trained=row.loss, mean=mean, first=first, diverged=diverged),
    )


def _notice(
    state: TrainingState, *, loss: float, trained: float, mean: float | None, first: float | None, diverged: bool
) -> str | None:
    training, what = state.recipe.training, "row" if state.model.takes_tables else "image"
    beside = "" if mean is None else f", and {mean:.4g} is that of answering with the mean {what}"
    lower = f"take a lower learning rate (--set learning_rate={_LOWER * training.optimization.learning_rate:.2g})"
    if diverged:
        now = f"the held-out loss is {loss:.4g}, from {first:.4g} before the first step{beside}"
        return f"training has diverged: {now}; {lower}"
    if mean is None:
        return None
    worse = f"the held-out loss of {loss:.4g} is not below the {mean:.4g} of answering with the mean {what}"
    if trained < mean:
        return f"{worse}, though the training loss of {trained:.4g} is; stop before that (--set patience=5)"
    looks = [row.validation_loss for row in state.counters.rows if row.validation_loss is not None]
    rising = state.counters.stopped or looks[-1] > _RISING * min(looks)
    return f"{worse}; {lower}" if rising else f"{worse} yet; train longer (--steps {2 * training.steps})"


@torch.no_grad()
def _mean_loss(state: TrainingState, *, most: int = 4096) -> float | None:
    """The held-out loss of answering everything with the mean of the training examples, of at most so many."""
    if not isinstance(state.model, Reconstructor):
        return None
    x = state.held_out.x
    answer = state.data.train.subset(most).examples().mean(dim=0).to(x).expand_as(x)
    match state.recipe.objective:
        case Copying() | Denoising() | WalkingBack():
            return float(F.mse_loss(answer, x))
        case CrossEntropy():
            return float(F.binary_cross_entropy(answer, x))
        case _:
            return None  # Its loss is not one of answers alone.


def _first_loss(state: TrainingState) -> float | None:
    """The held-out loss before the first step, of the model built anew; None where that began from other weights."""
    if state.recipe.pretraining is not None or (state.start is None and state.start_fingerprint is not None):
        return None
    try:
        model = build_model(
            state.model_config,
            state.recipe,
            state.data.splits.train,
            seed=state.seed,
            start=state.start,
            device=state.device,
        )
        return state.held_out.measure(model, state.recipe.objective.at_progress(1.0)).loss
    except CopyistError:
        return None
