"""Training by a recipe: one loop, and what it needs."""

__all__ = [
    "CATALOGUES",
    "FirstStage",
    "HistoryRow",
    "Observer",
    "Optimization",
    "Pretraining",
    "Recipe",
    "Run",
    "Training",
    "finished_run",
    "read_history",
    "recorded_purpose",
    "recorded_recipe",
    "train",
]

from copyist.training.config import CATALOGUES, FirstStage, Optimization, Pretraining, Recipe, Training
from copyist.training.history import HistoryRow, Observer, read_history
from copyist.training.recorded_runs import finished_run, recorded_purpose, recorded_recipe
from copyist.training.run import Run, train
