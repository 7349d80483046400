"""Fitting a detector: train on one part of the normal data, measure on a second, calibrate on a third."""

__all__ = ["NORMAL_LABELS", "departure_of", "fit_detector"]

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from copyist.data import open_source, parse_source
from copyist.data.encoded_source import EncodedSource, encode_source
from copyist.data.examples import ExampleSet
from copyist.data.labels import name_classes
from copyist.data.parts import CALIBRATION_SHARE
from copyist.data.source import with_option
from copyist.data.splits import Splits
from copyist.data.table_matching import TableLike
from copyist.data.table_sets import is_table
from copyist.detection.conformal import check_false_alarms, check_rate, num_calibration
from copyist.detection.copies import Copies, at_least_float32, examples_at_once
from copyist.detection.detector import Detector
from copyist.detection.detector_file import DETECTOR_FILE, save_detector
from copyist.detection.detector_recipe import FALSE_ALARMS, DetectorPurpose, DetectorRecipe
from copyist.detection.guards import check_detector, strange_calibration
from copyist.errors import ContractError, DataError
from copyist.models.contracts import Reconstructor, needs
from copyist.outputs import user_path
from copyist.tensors import Examples, PerImage
from copyist.training import Observer, train
from copyist.training.history import NullObserver
from copyist.training.run_data import learned_examples

NORMAL_LABELS = ("good", "normal", "0")
"""What labels of normal examples are called, unless one is named."""


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
    opened = given if isinstance(given, Splits | EncodedSource) else _open(given, rate, watcher)
    encoded = opened if isinstance(opened, EncodedSource) else None
    splits = opened.splits if isinstance(opened, EncodedSource) else opened
    _say_labels(splits, watcher)
    calibration = splits.calibration
    if calibration is None:
        raise DataError("a detector must have examples to calibrate on, got splits without; give calibration=0.2")
    check_false_alarms(rate, calibration=len(calibration))
    _check_model(recipe, splits)
    run = train(
        recipe.training,
        data=splits,
        out=out,
        seed=seed,
        purpose=purpose,
        resume=resume,
        overwrite=overwrite,
        # How well a model copies is no matter where the measure does not look at it.
        observer=observer if recipe.measure.uses_model else None,
    )
    model = needs(run.load(), Reconstructor, verb="detect")
    train_copies, held_out = _copies(model, learned_examples(recipe.training, splits)), _copies(model, splits.test)
    statistics = {name: tensor.cpu() for name, tensor in recipe.measure.fit(train_copies, held_out).items()}
    found = [recipe.measure(Copies(model, part), statistics) for part in _batches(model, calibration)]
    anomalies = torch.cat(found).cpu()
    departure = 0.0 if encoded is None else departure_of(recipe.measure(held_out, statistics))
    detector = Detector(
        model=model,
        measure=recipe.measure,
        statistics=statistics,
        calibration=at_least_float32(
            anomalies if encoded is None else anomalies + departure * encoded.departures.sum(1)
        ),
        false_alarms=rate,
        header=run.store.read_header(),
        encoding=None if encoded is None else encoded.encoding,
        departure=departure,
    )
    strange = strange_calibration(detector.calibration, calibration.names)
    if strange is not None:
        watcher.notify(strange)
    try:
        check_detector(detector, held_out)
    except ContractError as error:
        if warn is None:
            raise
        warn(str(error))
    if out is not None:
        save_detector(user_path(out) / DETECTOR_FILE, detector)
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


def _open(data: TableLike, false_alarms: float, observer: Observer) -> Splits | EncodedSource:
    text = str(data)
    if not isinstance(data, str | Path) or is_table(parse_source(text)):
        return encode_source(data, num_calibration=num_calibration(false_alarms), say=observer.notify)
    if parse_source(text).calibration is None:
        text = with_option(text, f"calibration={CALIBRATION_SHARE}")
    splits = open_source(text, say=observer.notify, progress=observer.report_reading)
    # What was left out has been said.
    return replace(splits, train=replace(splits.train, left_out=()))


def _check_model(recipe: DetectorRecipe, splits: Splits) -> None:
    """Refuse, before any training, a model that does not copy, or lacks what the measure asks of it.

    Raises:
        ContractError: it does not, or does.
    """
    if recipe.training.first_stage is not None:
        raise ContractError(
            f"detect needs a model that copies, and {recipe.training.name} trains one that generates; take a recipe of "
            "one trained to copy"
        )
    config = recipe.training.model.fitted(splits.train.shape)
    if recipe.training.objective.uses_labels:
        # Any number: whether the model copies does not depend on it, and a classifier is refused even without labels.
        config = config.with_classes(2)
    with torch.random.fork_rng(devices=[]):
        model = needs(config.build(), Reconstructor, verb="detect")
    recipe.measure.check_model(model)


def departure_of(held_out: PerImage) -> float:
    """What a departure adds to an anomaly: ten times the largest of these, of held-out normal examples.

    It must not depend on the calibration: the anomalies of that would no longer be exchangeable with those of new
    examples, and of these more would be flagged than the rate says.
    """
    finite = held_out[held_out.isfinite()].abs()
    return (10 * float(finite.max()) if len(finite) else 0.0) or 1.0


def _say_labels(splits: Splits, observer: Observer) -> None:
    """Say so where labels that tell normal examples from others are passed over."""
    every = [each for each in (splits.train, splits.test, splits.calibration) if each is not None]
    labels = [each.labels for each in every if each.labels is not None]
    if not labels or splits.classes is None:
        return
    names = [splits.classes[number] for number in np.unique(np.concatenate(labels)).tolist()]
    if len(names) > 1 and set(NORMAL_LABELS) & set(names):
        observer.notify(
            f"{splits.train.source} has the labels {name_classes(names)}, and all are taken for normal; take those of "
            "one alone by ?only=, or --normal"
        )


def _copies(model: Reconstructor, examples: ExampleSet) -> Copies:
    return Copies(model, torch.cat(list(_batches(model, examples))))


def _batches(model: Reconstructor, examples: ExampleSet) -> Iterator[Examples]:
    device = next(model.parameters()).device
    size = examples_at_once(model)
    for start in range(0, len(examples), size):
        yield examples.examples(start, start + size).to(device)
