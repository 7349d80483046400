"""Fitting a detector: train on one part of the normal data, measure on a second, calibrate on a third."""

__all__ = ["departure_of", "fit_detector"]

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from copyist.checkpoint import DETECTOR_FILE, DETECTOR_REFUSAL
from copyist.data.encoded_source import EncodedSource
from copyist.data.examples import ExampleSet
from copyist.data.splits import Splits
from copyist.data.table_matching import TableLike
from copyist.detection.conformal import check_rate
from copyist.detection.copies import Copies, at_least_float32, examples_at_once
from copyist.detection.detector import Detector
from copyist.detection.detector_file import save_detector
from copyist.detection.detector_model import DetectorModel
from copyist.detection.detector_recipe import FALSE_ALARMS, DetectorPurpose, DetectorRecipe, Untrained
from copyist.detection.guards import check_detector, strange_calibration
from copyist.detection.measures.contract import AnomalyMeasure
from copyist.detection.no_model import NoModel
from copyist.detection.normal_examples import NormalExamples, open_normal
from copyist.errors import ContractError
from copyist.models.contracts import Reconstructor
from copyist.outputs import user_path, write_text
from copyist.tensors import Examples, PerImage
from copyist.training import Observer
from copyist.training.history import NullObserver


def fit_detector(
    recipe: DetectorRecipe,
    *,
    data: TableLike | Splits | EncodedSource | None = None,
    false_alarms: float | None = None,
    out: str | Path | None = None,
    seed: int | None = 0,
    resume: bool = False,
    overwrite: bool = False,
    observer: Observer | None = None,
    warn: Callable[[str], None] | None = None,
) -> Detector:
    """Fit a detector on normal examples.

    The model is trained on the training split; what the measure learns beside it, it learns on that and on the test
    split; the calibration split gives the threshold, and nothing is fitted on it.

    Args:
        recipe: of the model, and the measure.
        data: a source of normal examples, or a table in memory; what `encode_source` made of one; or splits, of which
            one is for calibration. None takes the recipe's. A table is encoded, and the encoding travels with the
            detector.
        false_alarms: the share of normal examples that may be flagged, in (0, 0.5]; None is 0.05, or that of the run
            that is resumed.
        out: the folder of the training run, which also gets the detector; None trains in memory.
        seed: of everything random; None is 0, or that of the run that is resumed.
        resume: go on with the run in the folder, which must have been begun for the same measure and rate.
        overwrite: replace a run that is there.
        observer: follows how training goes.
        warn: takes the sentence of a check that the detector failed, in place of a refusal.

    Returns:
        The detector.

    Raises:
        ArgumentError: the rate is out of range.
        DataError: there are too few examples for this rate, or all are alike.
        ContractError: the model does not copy, or lacks what the measure asks of it; or the detector failed a check.
        CopyistError: as `copyist.train`.
    """
    watcher = observer or NullObserver()
    rate, purpose = _rate(recipe, false_alarms, out if resume else None)
    given = recipe.training.data if data is None else data
    normal = open_normal(given, false_alarms=rate, observer=watcher)
    normal.check(rate)
    if isinstance(recipe.training, Untrained):
        own = DetectorModel.none(recipe.training, normal.splits, out=out, resume=resume, overwrite=overwrite)
    else:
        own = DetectorModel.trained(
            recipe, normal.splits, out=out, seed=seed, purpose=purpose, resume=resume, overwrite=overwrite,
            observer=observer,
        )  # fmt: skip
    held_out = _copies(own.model, normal.splits.test)
    detector = _measured(recipe.measure, own, normal, held_out, rate)
    strange = strange_calibration(detector.calibration, normal.calibration.names)
    if strange is not None:
        watcher.notify(strange)
    try:
        check_detector(detector, held_out)
    except ContractError as error:
        if warn is None:
            if out is not None:
                write_text(user_path(out) / DETECTOR_REFUSAL, f"{error}\n")
                # Of the model as it was before this fit, where a run went on.
                (user_path(out) / DETECTOR_FILE).unlink(missing_ok=True)
            raise
        warn(str(error))
    if out is not None:
        save_detector(user_path(out) / DETECTOR_FILE, detector)
        (user_path(out) / DETECTOR_REFUSAL).unlink(missing_ok=True)
    return detector


def _rate(
    recipe: DetectorRecipe, false_alarms: float | None, resumed: str | Path | None
) -> tuple[float, Mapping[str, Any]]:
    """The rate of false alarms, and what the training run is to keep."""
    begun = None if resumed is None else DetectorPurpose.of_run(user_path(resumed))
    usual = FALSE_ALARMS if begun is None else begun.false_alarms
    rate = usual if false_alarms is None else false_alarms
    check_rate(rate)
    return rate, DetectorPurpose(measure=recipe.measure, false_alarms=rate).document()


def _measured(
    measure: AnomalyMeasure, own: DetectorModel, normal: NormalExamples, held_out: Copies, rate: float
) -> Detector:
    """The measure learns what is normal, and the calibration is measured."""
    statistics = {name: tensor.cpu() for name, tensor in measure.fit(_copies(own.model, own.learned), held_out).items()}
    found = [measure(Copies(own.model, part), statistics) for part in _batches(own.model, normal.calibration)]
    anomalies, departure = torch.cat(found).cpu(), 0.0
    if normal.departures is not None:
        departure = departure_of(measure(held_out, statistics))
        anomalies = anomalies + departure * normal.departures.sum(1)
    return Detector(
        model=own.model,
        measure=measure,
        statistics=statistics,
        calibration=at_least_float32(anomalies),
        groups=normal.groups,
        false_alarms=rate,
        header=own.header,
        encoding=normal.encoding,
        departure=departure,
    )


def departure_of(held_out: PerImage) -> float:
    """What a departure adds to an anomaly: ten times the largest of these, of held-out normal examples.

    It must not depend on the calibration: the anomalies of that would no longer be exchangeable with those of new
    examples, and of these more would be flagged than the rate says.
    """
    finite = held_out[held_out.isfinite()].abs()
    return (10 * float(finite.max()) if len(finite) else 0.0) or 1.0


def _copies(model: Reconstructor | NoModel, examples: ExampleSet) -> Copies:
    return Copies(model, torch.cat(list(_batches(model, examples))))


def _batches(model: Reconstructor | NoModel, examples: ExampleSet) -> Iterator[Examples]:
    device = next(model.parameters()).device
    size = examples_at_once(model)
    for start in range(0, len(examples), size):
        yield examples.examples(start, start + size).to(device)
