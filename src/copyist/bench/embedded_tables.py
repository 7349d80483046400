"""Tables with known outliers that need no file: those that come with scikit-learn, with one class as the outliers."""

__all__ = ["EMBEDDED_TABLES", "embedded_tables"]

from importlib import import_module
from typing import Any

import numpy as np

from copyist.bench.table_detection import LabelledTable

EMBEDDED_TABLES: dict[str, tuple[str, int, int]] = {
    "cells": ("load_breast_cancer", 0, 10),
    "digits": ("load_digits", 0, 50),
    "wine": ("load_wine", 0, 10),
}
"""By name: what reads it, the class whose rows are outliers, and how many of them are kept, the first ones. Malignant
tumors among benign ones, zeros among other digits, wines of one grower among those of two: as ADBench makes its tables
of the same data."""


def embedded_tables() -> tuple[LabelledTable, ...]:
    """All of them."""
    return tuple(_read(name, *rule) for name, rule in EMBEDDED_TABLES.items())


def _read(name: str, reader: str, strange: int, most: int) -> LabelledTable:
    # Imported by name: scikit-learn has no types for it.
    bunch: Any = getattr(import_module("sklearn.datasets"), reader)()
    x, classes = np.asarray(bunch.data, dtype=np.float64), np.asarray(bunch.target)
    is_outlier = classes == strange
    kept = ~is_outlier | (np.cumsum(is_outlier) <= most)
    return LabelledTable(name=name, x=x[kept], is_outlier=is_outlier[kept])
