"""What a detector is made from: how its model is trained, if it has one, and what measures the anomaly."""

__all__ = ["CATALOGUES", "FALSE_ALARMS", "DetectorPurpose", "DetectorRecipe", "Untrained"]

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from copyist import settings, training
from copyist.detection.measures import MEASURES
from copyist.detection.measures.contract import AnomalyMeasure
from copyist.errors import ArgumentError, CheckpointError, ContractError
from copyist.training import Recipe

CATALOGUES: settings.Catalogues = {**training.CATALOGUES, AnomalyMeasure: MEASURES}
"""The classes that may stand in the recipe of a detector, by name."""


FALSE_ALARMS = 0.05
"""The rate of false alarms unless another is stated."""


@dataclass(frozen=True, kw_only=True)
class DetectorPurpose:
    """What the training run of a detector is to keep beside its recipe, so that it is finished as it was begun."""

    measure: AnomalyMeasure
    """Of the anomaly."""

    false_alarms: float
    """The stated rate."""

    def document(self) -> dict[str, Any]:
        """As `train` takes it."""
        return {"detector": settings.dump(self, CATALOGUES)}

    @classmethod
    def of_run(cls, folder: str | Path) -> Self | None:
        """That of the run in a folder, finished or not; None where it was begun for no detector, or by a version that
        did not say.

        Raises:
            CheckpointError: there is no run to resume, its state is damaged, or what it was begun for is not known.
        """
        found = training.recorded_purpose(folder)
        if found is None or "detector" not in found:
            return None
        try:
            return settings.load(cls, dict(found["detector"]), CATALOGUES)
        except (ArgumentError, TypeError) as error:
            raise CheckpointError(
                f"the measure of the detector in {folder} cannot be read ({error}); fit it again by --force"
            ) from error


@dataclass(frozen=True, kw_only=True)
class Untrained:
    """In place of the training of a model, where the measure looks at examples alone and there is no model."""

    name: str
    """Of the detector."""

    data: str
    """The source of normal examples."""

    batch_size: int = 64
    """Examples that are measured at once."""


@dataclass(frozen=True, kw_only=True)
class DetectorRecipe:
    """Everything that decides what a detector becomes, but for its seed and its rate of false alarms."""

    training: Recipe | Untrained
    """Of the model, or what stands in its place."""

    measure: AnomalyMeasure
    """Of the anomaly."""

    def __post_init__(self) -> None:
        if isinstance(self.training, Untrained) and self.measure.uses_model:
            raise ContractError(
                f"a {type(self.measure).__name__} measures what a model makes of examples, and {self.name} trains "
                "none; take a recipe that trains one, such as repairing-unet"
            )

    @property
    def name(self) -> str:
        """As `copyist recipes` lists it, where it is there."""
        return self.training.name

    @property
    def trained(self) -> Recipe:
        """The recipe of the model.

        Raises:
            ContractError: there is none.
        """
        if isinstance(self.training, Untrained):
            raise ContractError(f"{self.name} trains no model; take a recipe that does, such as repairing-unet")
        return self.training
