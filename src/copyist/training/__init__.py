"""One loop, and what it needs."""

__all__ = [
    "CATALOGUES",
    "HistoryRow",
    "Observer",
    "Optimization",
    "Pretraining",
    "Recipe",
    "Run",
    "Training",
    "finished_run",
    "read_history",
    "train",
]

from copyist.training.config import Optimization, Pretraining, Recipe, Training
from copyist.training.history import HistoryRow, read_history
from copyist.training.loop import Run, finished_run, train
from copyist.training.observer import Observer
from copyist.training.session import CATALOGUES
