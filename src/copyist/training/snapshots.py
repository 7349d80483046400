"""Snapshots of a run: the model as it is when its copies first reach a quality that the recipe names."""

__all__ = ["keep_snapshots"]

from dataclasses import replace

from copyist.models.contracts import Reconstructor, needs
from copyist.training.finish import finished_model
from copyist.training.state import TrainingState


def keep_snapshots(state: TrainingState) -> None:
    """Keep the model under each PSNR of the recipe's snapshots that its copies of held-out images reach at this look,
    and reached at none before.

    Raises:
        ContractError: the model does not copy.
        OutputError: the disk is full, or the place cannot be written.
    """
    wanted, before = state.recipe.training.snapshots, state.counters.best_psnr
    if not wanted:
        return
    found = state.held_out.psnr(needs(state.current, Reconstructor, verb="snapshots"))
    header = state.header()
    # It is whole as it is: no unfinished run that its reader should go on with.
    told = {key: value for key, value in header.training.items() if key != "planned_steps"}
    header = replace(header, training={**told, "psnr": found})
    for level in wanted:
        if found >= level and (before is None or before < level):
            state.store.write_snapshot(level, finished_model(state, state.current), header)
    state.counters.best_psnr = found if before is None else max(before, found)
