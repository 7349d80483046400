"""Measures of anomaly, and all of them by name."""

__all__ = [
    "MEASURES",
    "AnomalyMeasure",
    "CodeDistance",
    "Combined",
    "CopyDistance",
    "DenoisingError",
    "Displacement",
    "EvidenceBound",
    "ExampleDistance",
    "LocalCodeDistance",
    "LocalContrast",
    "LocalError",
    "ReconstructionError",
    "Statistics",
]

from collections.abc import Mapping

from copyist.detection.measures.bound import EvidenceBound
from copyist.detection.measures.combined import Combined
from copyist.detection.measures.contract import AnomalyMeasure, Statistics
from copyist.detection.measures.copying import DenoisingError, Displacement, ReconstructionError
from copyist.detection.measures.local_codes import LocalCodeDistance
from copyist.detection.measures.local_contrast import LocalContrast
from copyist.detection.measures.local_error import LocalError
from copyist.detection.measures.neighbor_measures import CodeDistance, CopyDistance, ExampleDistance

MEASURES: Mapping[str, type[AnomalyMeasure]] = {
    "reconstruction-error": ReconstructionError,
    "denoising-error": DenoisingError,
    "displacement": Displacement,
    "example-distance": ExampleDistance,
    "copy-distance": CopyDistance,
    "code-distance": CodeDistance,
    "evidence-bound": EvidenceBound,
    "local-error": LocalError,
    "local-code-distance": LocalCodeDistance,
    "local-contrast": LocalContrast,
    "combined": Combined,
}
"""Every measure, by its name in files and on the command line."""
