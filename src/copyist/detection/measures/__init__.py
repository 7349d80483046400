"""Measures of anomaly, and all of them by name."""

__all__ = ["MEASURES", "AnomalyMeasure", "CodeDistance", "Combined", "ReconstructionError", "Statistics"]

from collections.abc import Mapping

from copyist.detection.measures.combined import Combined
from copyist.detection.measures.contract import AnomalyMeasure, Statistics
from copyist.detection.measures.copying import ReconstructionError
from copyist.detection.measures.neighbors import CodeDistance

MEASURES: Mapping[str, type[AnomalyMeasure]] = {
    "reconstruction-error": ReconstructionError,
    "code-distance": CodeDistance,
    "combined": Combined,
}
"""Every measure, by its name in files and on the command line."""
