"""What a detector is made from: how its model is trained, and what measures the anomaly."""

__all__ = ["CATALOGUES", "DetectorRecipe"]

from dataclasses import dataclass

from copyist import settings, training
from copyist.detection.measures import MEASURES
from copyist.detection.measures.contract import AnomalyMeasure
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

    @property
    def name(self) -> str:
        """As `copyist recipes` lists it."""
        return self.training.name
