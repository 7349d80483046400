"""Fitting a detector: train on one part of the normal data, measure on a second, calibrate on a third."""

__all__ = ["CALIBRATION_SHARE", "fit_detector"]

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import torch

from copyist.data import open_source, parse_source
from copyist.data.examples import ExampleSet, Splits
from copyist.detection.conformal import check_false_alarms
from copyist.detection.copies import Copies, widened
from copyist.detection.detector import Detector
from copyist.detection.detector_file import DETECTOR_FILE, save_detector
from copyist.detection.detector_recipe import DetectorRecipe
from copyist.detection.guards import check_detector
from copyist.detection.trimming import without_strangest
from copyist.errors import ContractError, DataError
from copyist.models.contracts import Reconstructor, needs
from copyist.outputs import user_path
from copyist.tensors import Examples
from copyist.training import Observer, train
from copyist.training.history import NullObserver

CALIBRATION_SHARE = 0.2
"""Of the examples that are not in the test split, where the source does not say how many calibrate."""


def fit_detector(
    recipe: DetectorRecipe,
    *,
    data: str | Splits | None = None,
    false_alarms: float = 0.05,
    out: str | Path | None = None,
    seed: int = 0,
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
        data: a source of normal examples, or splits that have one for calibration; None takes the recipe's.
        false_alarms: the share of normal examples that may be flagged, in (0, 0.5].
        out: the folder of the training run, which also gets the detector; None trains in memory.
        seed: of everything random.
        resume: go on with the run in the folder.
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
    splits = data if isinstance(data, Splits) else _open(data or recipe.training.data, watcher)
    calibration = splits.calibration
    if calibration is None:
        raise DataError("a detector must have examples to calibrate on, got splits without; give calibration=0.2")
    check_false_alarms(false_alarms, calibration=len(calibration))
    if recipe.trimmed > 0:
        rows = without_strangest(splits.train, share=recipe.trimmed, unit=recipe.training.model.unit)
        splits = replace(splits, train=rows)
    run = train(recipe.training, data=splits, out=out, seed=seed, resume=resume, overwrite=overwrite, observer=observer)
    model = needs(run.load(), Reconstructor, verb="detect")
    recipe.measure.check_model(model)
    train_copies, held_out = _copies(model, splits.train), _copies(model, splits.test)
    statistics = {name: tensor.cpu() for name, tensor in recipe.measure.fit(train_copies, held_out).items()}
    anomalies = [recipe.measure(Copies(model, part), statistics) for part in _batches(model, calibration)]
    detector = Detector(
        model=model,
        measure=recipe.measure,
        statistics=statistics,
        calibration=widened(torch.cat(anomalies)).cpu(),
        false_alarms=false_alarms,
        header=run.store.read_header(),
    )
    try:
        check_detector(detector, held_out)
    except ContractError as error:
        if warn is None:
            raise
        warn(str(error))
    if out is not None:
        save_detector(user_path(out) / DETECTOR_FILE, detector)
    return detector


def _open(text: str, observer: Observer) -> Splits:
    if parse_source(text).calibration is None:
        text = f"{text}{'&' if parse_source(text).place != text else '?'}calibration={CALIBRATION_SHARE}"
    return open_source(text, say=observer.notify, progress=observer.report_reading)


def _copies(model: Reconstructor, examples: ExampleSet) -> Copies:
    return Copies(model, torch.cat(list(_batches(model, examples))))


def _batches(model: Reconstructor, examples: ExampleSet) -> Iterator[Examples]:
    device = next(model.parameters()).device
    for start in range(0, len(examples), model.batch_size):
        yield examples.examples(start, start + model.batch_size).to(device)
