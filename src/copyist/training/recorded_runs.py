"""What is in the folder of a run: whether it is finished by a recipe, the recipe it has, and what it was begun for."""

__all__ = ["finished_run", "recorded_purpose", "recorded_recipe"]

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from copyist import checkpoint
from copyist.models.contracts import Autoencoder
from copyist.settings import dump
from copyist.training.config import CATALOGUES, Recipe
from copyist.training.first_stage import read_first_stage, with_given
from copyist.training.resumption import RecordedRun
from copyist.training.run import Run
from copyist.training.start import InitialWeights
from copyist.training.store import Store


def finished_run(
    folder: Path,
    recipe: Recipe,
    *,
    seed: int,
    fingerprint: str,
    start: str | Path | None = None,
    first_stage: str | Path | Autoencoder | None = None,
) -> Run | None:
    """The run in `folder`, if it is finished and had this recipe, seed, data, start and given first stage; else None.

    Raises:
        CheckpointError: its model file, or that of the start or of the first stage, is damaged.
    """
    run = Run(Store(folder))
    if not run.model_file.exists():
        return None
    header = checkpoint.read_header(run.model_file)
    begun = None if start is None else InitialWeights.read(start).fingerprint
    given = None if first_stage is None else read_first_stage(first_stage)
    recipe = recipe if given is None else with_given(recipe, given)
    below = None if given is None else checkpoint.sum_of_tensors(given.state_dict())
    wanted = (dump(recipe, CATALOGUES), seed, fingerprint, begun, below)
    training = header.training
    sums = (training.get("start"), training.get("first_stage"))
    found = (header.recipe, training.get("seed"), header.data.get("fingerprint"), *sums)
    return run if found == wanted else None


def recorded_recipe(folder: str | Path) -> Recipe:
    """The recipe of the run in a folder, finished or not.

    Raises:
        CheckpointError: there is no run to resume, its state is damaged, or names a class of the user's own.
    """
    return _recorded(folder).load_recipe()


def recorded_purpose(folder: str | Path) -> Mapping[str, Any] | None:
    """What the model of the run in a folder is trained for, as `train` was told; None where it was told nothing.

    Raises:
        CheckpointError: there is no run to resume, or its state is damaged.
    """
    return _recorded(folder).purpose


def _recorded(folder: str | Path) -> RecordedRun:
    store = Store(Path(folder))
    store.check(resume=True, overwrite=False)
    return RecordedRun.of(store.read_document(), place=str(store))
