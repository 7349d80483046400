"""The model of a detector: trained by its recipe on the normal examples, or none where the measure needs none."""

__all__ = ["DetectorModel"]

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self, final

import torch

from copyist.checkpoint import NO_MODEL, Header, trained_on
from copyist.data.examples import ExampleSet
from copyist.data.splits import Splits
from copyist.detection.detector_recipe import DetectorRecipe, Untrained
from copyist.detection.no_model import NoModel
from copyist.devices import find_device
from copyist.errors import ArgumentError, ContractError
from copyist.models.contracts import Reconstructor, needs
from copyist.outputs import user_path
from copyist.training import Observer, train
from copyist.training.run_data import RunData, learned_examples
from copyist.training.store import Store


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class DetectorModel:
    """A model, or that there is none, with what a file says of it."""

    model: Reconstructor | NoModel
    """In evaluation mode."""

    header: Header
    """Of its file."""

    learned: ExampleSet
    """The training examples that are taken for normal."""

    @classmethod
    def trained(
        cls,
        recipe: DetectorRecipe,
        splits: Splits,
        *,
        out: str | Path | None,
        seed: int | None,
        purpose: Mapping[str, Any],
        resume: bool,
        overwrite: bool,
        observer: Observer | None,
    ) -> Self:
        """Train the model of a recipe, as `train` does.

        Raises:
            ContractError: the model does not copy, or lacks what the measure asks of it, which is refused before any
                training.
            CopyistError: as `train`.
        """
        _check_model(recipe, splits)
        run = train(
            recipe.trained,
            data=splits,
            out=out,
            seed=seed,
            purpose=purpose,
            resume=resume,
            overwrite=overwrite,
            # How well a model copies is no matter where the measure does not look at it.
            observer=observer if recipe.measure.uses_model else None,
        )
        model = needs(run.load(), Reconstructor, verb="detect")
        return cls(model=model, header=run.store.read_header(), learned=learned_examples(recipe.trained, splits))

    @classmethod
    def none(cls, recipe: Untrained, splits: Splits, *, out: str | Path | None, resume: bool, overwrite: bool) -> Self:
        """Train nothing, and make the folder ready for the detector's file.

        Raises:
            ArgumentError: a training is to go on.
            DataError: the examples are no images.
            OutputError: the folder holds something already, or cannot be written.
        """
        if resume:
            raise ArgumentError(
                f"a fit that is to go on must train a model, got {recipe.name}, which trains none; leave out --resume, "
                "and add --force to fit it again"
            )
        store = Store(None if out is None else user_path(out))
        store.check(resume=False, overwrite=overwrite)
        data = RunData.of(splits, num_classes=None).summary() | {"image_shape": list(splits.train.image_shape)}
        opened = replace(recipe, data=splits.train.source)
        header = Header(model={"kind": NO_MODEL}, batch_size=recipe.batch_size, data=data, recipe=asdict(opened))
        store.begin(overwrite=overwrite)
        model = NoModel(trained_on(Path(str(store)), header)).to(find_device(None)).eval()
        return cls(model=model, header=header, learned=splits.train)


def _check_model(recipe: DetectorRecipe, splits: Splits) -> None:
    training = recipe.trained
    if training.first_stage is not None:
        raise ContractError(
            f"detect needs a model that copies, and {training.name} trains one that generates; take a recipe of one "
            "trained to copy"
        )
    config = training.model.fitted(splits.train.shape)
    if training.objective.uses_labels:
        # Any number: whether the model copies does not depend on it, and a classifier is refused even without labels.
        config = config.with_classes(2)
    with torch.random.fork_rng(devices=[]):
        model = needs(config.build(), Reconstructor, verb="detect")
    recipe.measure.check_model(model)
