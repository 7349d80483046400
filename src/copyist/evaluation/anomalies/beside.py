"""Simple detectors beside one with a network: fitted and calibrated on the same normal examples."""

__all__ = ["SimpleDetectors"]

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, final

import numpy as np
import torch
from torch import Tensor

from copyist.baselines.rivals import Rival, fit_rivals
from copyist.data import Splits, encode_source, open_source
from copyist.data.table_matching import TABLE_IN_MEMORY
from copyist.detection import Detector, p_values
from copyist.detection.conformal import num_calibration
from copyist.detection.fitting import departure_of
from copyist.errors import CopyistError, DataError
from copyist.evaluation.anomalies.report_parts import Beside
from copyist.evaluation.anomalies.truth import Truth
from copyist.metrics.ranking import auroc_difference, ranking
from copyist.models.code_size import code_shape
from copyist.tensors import Examples, PerImage

_NAMES = {
    "principal axes": "PCA of equal code size",
    "5 nearest": "k-NN, k = 5",
    "nearest 5 %": "k-NN, k = 5 % of the training examples",
    "isolation forest": "isolation forest",
}


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class SimpleDetectors:
    """PCA, neighbors at two sizes and an isolation forest, with what is normal to each."""

    rivals: Mapping[str, Rival]
    """By name."""

    calibration: Mapping[str, PerImage]
    """(N,) of each, of the examples that the detector was calibrated on."""

    departure: Mapping[str, float]
    """Of each, what a cell of which training says nothing adds to the anomaly of its row, as for the detector."""

    false_alarms: float

    groups: Tensor | None = None
    """(N,), which of these belong together, as of the detector."""

    @classmethod
    def fit(cls, detector: Detector, *, say: Callable[[str], None]) -> Self:
        """Fit them on the training examples of a detector, which are read again from their source.

        Raises:
            DataError: the source is not there any more, or holds other examples.
        """
        source = detector.model.trained_on.source
        if source == TABLE_IN_MEMORY:
            raise DataError(
                "--compare fits simple detectors on the normal examples again, and these were a table in memory, which "
                "no file keeps; fit the detector on a file, or leave --compare out"
            )
        try:
            splits, departures = _splits(detector, source, say)
        except CopyistError as error:
            raise DataError(
                f"--compare fits simple detectors on the normal examples again, and {source} cannot be read from "
                f"{Path.cwd()} ({error}); put it back, go to the folder of the fit, or leave --compare out"
            ) from error
        if splits.calibration is None or splits.train.fingerprint != detector.model.trained_on.fingerprint:
            raise DataError(
                f"--compare fits simple detectors on the normal examples again, and {source} holds others than the "
                "detector was fitted on; fit it again, or leave --compare out"
            )
        x, normal = splits.train.examples(), splits.calibration.examples()
        shape, values = code_shape(detector.model, tuple(x.shape[1:])), math.prod(x.shape[1:])
        # As many axes as values leave nothing to tell by.
        size = None if shape is None or math.prod(shape) >= values else math.prod(shape)
        found = fit_rivals(x, code_size=size)
        names = _NAMES if size is not None else _NAMES | {"principal axes": "PCA, nine tenths of the variance"}
        rivals = {names.get(name, name): rival for name, rival in found.items()}
        size = detector.model.batch_size
        departure: dict[str, float] = {}
        if departures is not None:
            held_out = splits.test.examples()
            departure = {name: departure_of(_anomaly(rival, held_out, size)) for name, rival in rivals.items()}
        plain = cls(
            rivals=rivals,
            calibration={},
            departure=departure,
            false_alarms=detector.false_alarms,
            groups=detector.groups,
        )
        return replace(plain, calibration=plain.anomalies(normal, departures, batch_size=size))

    def anomalies(self, x: Examples, departures: Tensor | None, *, batch_size: int) -> dict[str, PerImage]:
        """How strange each example is to each of them, (B,), larger is stranger.

        Args:
            x: (B, ...), as the model of the detector takes them.
            departures: (B, C), bool, of rows that an encoding has made: they count as for the detector; None for none.
            batch_size: examples at once.
        """
        found = {name: _anomaly(rival, x, batch_size) for name, rival in self.rivals.items()}
        if departures is None:
            return found
        return {name: each + self.departure[name] * departures.sum(1).to(each) for name, each in found.items()}

    def compare(self, found: Mapping[str, PerImage], anomaly: PerImage, truth: Truth) -> tuple[Beside, ...]:
        """What each found.

        Args:
            found: (B,), its anomalies by name.
            anomaly: (B,), the detector's.
            truth: of the same examples.
        """
        return tuple(self._compare(name, each, anomaly, truth) for name, each in found.items())

    def _compare(self, name: str, found: PerImage, anomaly: PerImage, truth: Truth) -> Beside:
        from scipy.stats import spearmanr

        p = p_values(found, self.calibration[name], groups=self.groups)
        flagged = int((p <= self.false_alarms).sum())
        values = found.double().numpy()
        correlated: Any = spearmanr(values, anomaly.double().numpy()) if len(values) > 1 else None
        agreement = math.nan if correlated is None else float(correlated.statistic)
        known = truth.is_known
        ranked, difference = None, None
        if truth.has_both:
            wrong = truth.is_anomaly[known]
            ranked = ranking(values[known], wrong)
            difference = auroc_difference(
                values[known], anomaly.double().numpy()[known], wrong, num_compared=len(self.rivals)
            )
        return Beside(
            name=name,
            flagged=flagged,
            agreement=agreement if np.isfinite(agreement) else 0.0,
            auroc=None if ranked is None else ranked.auroc,
            average_precision=None if ranked is None else ranked.average_precision,
            difference=difference,
        )


def _splits(detector: Detector, source: str, say: Callable[[str], None]) -> tuple[Splits, Tensor | None]:
    """What the detector was fitted on, as it was then, and the departures of the calibration, if it encodes tables."""
    if detector.encoding is not None:
        encoded = encode_source(source, num_calibration=num_calibration(detector.false_alarms), say=say)
        return encoded.splits, encoded.departures
    return open_source(source, columns=detector.model.trained_on.columns, say=say), None


def _anomaly(rival: Rival, x: Examples, batch_size: int) -> PerImage:
    return torch.cat([rival.anomaly(part).float().cpu() for part in x.split(batch_size)])
