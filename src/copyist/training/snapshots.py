"""Snapshots of a run: the model as it is when its copies first reach a quality that the recipe names."""

__all__ = ["keep_snapshots"]

from dataclasses import replace

import torch

from copyist.devices import values_of_first
from copyist.metrics.distortion import pooled_psnr
from copyist.models.contracts import Reconstructor, needs
from copyist.models.in_batches import in_batches
from copyist.training.finish import finished_model
from copyist.training.saving import header_of
from copyist.training.state import TrainingState


def keep_snapshots(state: TrainingState) -> None:
    """Keep the model under each PSNR of the recipe's snapshots that its copies reach at this look, and reached at none
    before: those of held-out images, or of images of the training, as the recipe says.

    Raises:
        ContractError: the model does not copy.
        OutputError: the disk is full, or the place cannot be written.
    """
    wanted, before = state.recipe.training.snapshots, state.counters.best_psnr
    if not wanted:
        return
    found = _psnr(state)
    header = header_of(state)
    # It is whole as it is: no unfinished run that its reader should go on with.
    told = {key: value for key, value in header.training.items() if key != "planned_steps"}
    header = replace(header, training={**told, "psnr": found})
    for level in wanted:
        if found >= level and (before is None or before < level):
            state.store.write_snapshot(level, finished_model(state, state.current), header)
    state.counters.best_psnr = found if before is None else max(before, found)


@torch.no_grad()
def _psnr(state: TrainingState) -> float:
    """Of all copies together, in decibels."""
    model, config = needs(state.current, Reconstructor, verb="snapshots"), state.recipe.training
    x = state.held_out.x
    if config.snapshot_split == "training":
        x = state.data.train.subset(config.validation_images).examples().to(x.device)
    with state.gathered(state.current):
        own = pooled_psnr(in_batches(model, model, x, batch_size=config.batch_size), x)
    # A snapshot is made by all processes together.
    return values_of_first([own], device=x.device)[0]
