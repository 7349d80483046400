"""Measures of anomaly, and all of them by name."""

__all__ = [
    "MEASURES",
    "AnomalyMeasure",
    "CodeDistance",
    "Combined",
    "LocalCodeDistance",
    "LocalError",
    "ReconstructionError",
    "Statistics",
]

from collections.abc import Mapping

from copyist.detection.measures.combined import Combined
from copyist.detection.measures.contract import AnomalyMeasure, Statistics
from copyist.detection.measures.copying import ReconstructionError
from copyist.detection.measures.local_codes import LocalCodeDistance
from copyist.detection.measures.local_error import LocalError
from copyist.detection.measures.neighbors import CodeDistance

MEASURES: Mapping[str, type[AnomalyMeasure]] = {
    "reconstruction-error": ReconstructionError,
    "code-distance": CodeDistance,
    "local-error": LocalError,
    "local-code-distance": LocalCodeDistance,
    "combined": Combined,
}
"""Every measure, by its name in files and on the command line."""
