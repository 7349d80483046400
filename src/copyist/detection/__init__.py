"""Anomalies: a model of normal examples, what measures how strange an example is, and a threshold with a meaning."""

__all__ = [
    "MEASURES",
    "AnomalyMeasure",
    "Detector",
    "DetectorRecipe",
    "Drift",
    "Findings",
    "NoModel",
    "Untrained",
    "benjamini_hochberg",
    "drift",
    "fit_detector",
    "load_detector",
    "p_values",
    "save_detector",
    "threshold",
]

from copyist.detection.conformal import benjamini_hochberg, p_values, threshold
from copyist.detection.detector import Detector
from copyist.detection.detector_file import load_detector, save_detector
from copyist.detection.detector_recipe import DetectorRecipe, Untrained
from copyist.detection.drift import Drift, drift
from copyist.detection.findings import Findings
from copyist.detection.fitting import fit_detector
from copyist.detection.measures import MEASURES, AnomalyMeasure
from copyist.detection.no_model import NoModel
