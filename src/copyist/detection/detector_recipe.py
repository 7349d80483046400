"""What a detector is made from: how its model is trained, and what measures the anomaly."""

__all__ = ["CATALOGUES", "DetectorRecipe"]

from dataclasses import dataclass

from copyist import settings, training
from copyist.checks import check_within
from copyist.detection.measures import MEASURES
from copyist.detection.measures.contract import AnomalyMeasure
from copyist.settings import later
from copyist.training import Recipe

CATALOGUES: settings.Catalogues = {**training.CATALOGUES, AnomalyMeasure: MEASURES}
"""The classes that may stand in the recipe of a detector, by name."""


@dataclass(frozen=True, kw_only=True)
class DetectorRecipe:
    """Everything that decides what a detector becomes, but for its seed and its rate of false alarms."""

    training: Recipe
    """Of the model."""

    measure: AnomalyMeasure
    """Of the anomaly."""

    trimmed: float = later(0.0)
    """The share of the rows of a table that is left out before training, those farthest from the others, where the data
    may hold outliers; in [0, 1)."""

    def __post_init__(self) -> None:
        check_within("trimmed", self.trimmed, 0, 1)

    @property
    def name(self) -> str:
        """As `copyist recipes` lists it."""
        return self.training.name
