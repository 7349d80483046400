"""Recipes of detectors by name, or by what is to be judged, with some of their settings changed."""

__all__ = ["configured_detector"]

from collections.abc import Sequence
from pathlib import Path

from copyist.checks import check_choice
from copyist.data import parse_source
from copyist.data.source import escape_name, with_option
from copyist.data.table_sets import is_table
from copyist.detection import MEASURES, AnomalyMeasure, DetectorRecipe
from copyist.detection.detector_recipe import CATALOGUES
from copyist.detection.measures import CodeDistance, Combined, ReconstructionError
from copyist.errors import ArgumentError, DataError
from copyist.recipes import configured, resumed
from copyist.settings import change, read_assignments

_COMBINED = Combined(measures=(ReconstructionError(), CodeDistance()))

DEFAULTS = {True: ("table", _COMBINED), False: ("unet", ReconstructionError())}
"""The recipe and the measure for tables, and for images."""


def configured_detector(
    name: str | None = None,
    *,
    data: str | None = None,
    normal: str | None = None,
    measure: str | None = None,
    steps: int | None = None,
    assignments: Sequence[str] = (),
    resume_in: Path | None = None,
) -> DetectorRecipe:
    """The recipe of a detector.

    Args:
        name: of a recipe that copies; None takes the one for images, or that for tables.
        data: the source of normal examples; None takes that of the run that is resumed.
        normal: the label whose examples alone are taken of it; None takes all.
        measure: the name of another measure of anomaly.
        steps: another number of steps of the training.
        assignments: `name=value` each, of the training or the measure, as for `configured`.
        resume_in: the folder of a detector whose training is to go on as it was started; its measure is not recorded
            before it is done. None starts anew.

    Raises:
        UnknownNameError: there is no such recipe, measure or setting; the nearest is offered.
        ArgumentError: no data is named, or a value is of the wrong type, or breaks a rule.
        DataError: there is no such file or folder.
        CheckpointError: there is no run to resume, or it is one of another recipe.
    """
    if data is not None and normal is not None:
        data = with_option(data, f"only={escape_name(normal)}")
    if resume_in is not None:
        training = resumed(resume_in, name=name, data=data, steps=steps)
        _, its_measure = DEFAULTS[_is_table(training.data)]
    elif data is None:
        raise ArgumentError("a detector must be fitted on normal examples, got none; name them by --data")
    else:
        usual, its_measure = DEFAULTS[_is_table(data)]
        training = configured(name or usual, data=data, steps=steps)
    recipe = DetectorRecipe(training=training, measure=its_measure if measure is None else _measure(measure))
    return change(recipe, read_assignments(assignments), CATALOGUES)


def _is_table(data: str) -> bool:
    source = parse_source(data)
    if not source.is_embedded and not Path(source.place).exists():
        raise DataError(f"there is no file or folder {source.place}; give the normal examples by --data")
    return is_table(source)


def _measure(name: str) -> AnomalyMeasure:
    check_choice("measure", name, MEASURES)
    if MEASURES[name] is Combined:
        return _COMBINED
    try:
        return MEASURES[name]()
    except TypeError as error:
        raise ArgumentError(
            f"the measure {name} must be built in Python, since it has settings without a default"
        ) from error
