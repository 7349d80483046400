"""Recipes of detectors by name, or by what is to be judged, with some of their settings changed."""

__all__ = ["configured_detector"]

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from copyist.checks import check_choice
from copyist.data import parse_source
from copyist.data.source import escape_name, with_option
from copyist.data.table_sets import is_table
from copyist.detection import MEASURES, AnomalyMeasure, DetectorRecipe
from copyist.detection.detector_recipe import CATALOGUES, DetectorPurpose, Untrained
from copyist.detection.measures import Combined, LocalContrast, LocalError
from copyist.errors import ArgumentError, CheckpointError, DataError
from copyist.recipes import configured, resumed
from copyist.recipes.detectors import image_detector, repairing_detector, table_detector
from copyist.recipes.restorers import repairing_unet
from copyist.settings import change, read_assignments
from copyist.training import Recipe


def configured_detector(
    name: str | None = None,
    *,
    data: str | None = None,
    normal: str | None = None,
    group: str | None = None,
    may_hold_outliers: bool = False,
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
        group: what tells which examples belong together, as `Source.group`; None where each stands alone.
        may_hold_outliers: whether outliers may be among the rows of a table; then the strangest are not learned. A run
            that is resumed has said so when it was begun.
        measure: the name of another measure of anomaly.
        steps: another number of steps of the training.
        assignments: `name=value` each, of the training or the measure, as for `configured`.
        resume_in: the folder of a detector whose training is to go on as it was started. None starts anew.

    Raises:
        UnknownNameError: there is no such recipe, measure or setting; the nearest is offered.
        ArgumentError: no data is named, or a value is of the wrong type, or breaks a rule; or steps are given, and the
            measure uses no model.
        DataError: there is no such file or folder.
        CheckpointError: there is no run to resume, or it is one of another recipe, or does not leave out the strangest.
    """
    begun: DetectorPurpose | None = None
    if data is not None and normal is not None:
        data = with_option(data, f"only={escape_name(normal)}")
    if data is not None and group is not None:
        data = with_option(data, f"group={escape_name(group)}")
    if resume_in is not None:
        training = resumed(resume_in, name=name, data=data, steps=steps)
        if may_hold_outliers and training.training.trimmed == 0:
            raise CheckpointError(
                f"the detector in {resume_in} was begun on rows without outliers, got --may-hold-outliers; leave it "
                "out, or fit another one in another folder"
            )
        usual, begun = _usual(training.data, training.training.trimmed > 0), DetectorPurpose.of_run(resume_in)
    elif data is None:
        raise ArgumentError("a detector must be fitted on normal examples, got none; name them by --data")
    else:
        usual = _usual(data, may_hold_outliers)
        if name == usual.name and isinstance(usual.training, Untrained):
            name = None  # It is the usual one, and no recipe of a model.
        if name is None and not _is_table(data) and measure is not None and MEASURES.get(measure) is not LocalContrast:
            name = repairing_unet().name  # Other measures need a net that was trained.
        training = _training(usual, name, data=data, steps=steps)
    fitting = _fitting(usual, training) if begun is None else begun.measure
    recipe = DetectorRecipe(
        training=training, measure=_measure(measure, fitting, usual=(*_trained(training.data), usual)[0])
    )
    recipe = _changed(recipe, read_assignments(assignments))
    if steps is not None and not recipe.measure.uses_model:
        raise ArgumentError(
            f"this detector measures examples without a net, and has no use for steps of training, got {steps}; leave "
            "them out, or take a recipe that is trained (copyist detect fit repairing-unet)"
        )
    return recipe


def _training(usual: DetectorRecipe, name: str | None, *, data: str, steps: int | None) -> Recipe | Untrained:
    """How a model of this name is trained as a detector's, or that of the usual detector, if it has one."""
    known = {each.name: each.training for each in (usual, *_trained(data))}
    plain = usual.name if name is None else name.replace("_", "-")
    found = known[plain] if plain in known else configured(plain, data=data)
    if isinstance(found, Untrained):
        return found
    changed = found.training if steps is None else replace(found.training, steps=steps)
    trimmed = 0.0 if isinstance(usual.training, Untrained) else usual.training.training.trimmed
    return replace(found, training=replace(changed, trimmed=trimmed))


def _changed(recipe: DetectorRecipe, assignments: Mapping[str, str]) -> DetectorRecipe:
    if not isinstance(recipe.training, Untrained):
        return change(recipe, assignments, CATALOGUES)
    own = {name.removeprefix("measure."): value for name, value in assignments.items()}
    return replace(recipe, measure=change(recipe.measure, own, CATALOGUES, of=f"the detector {recipe.name}"))


def _trained(data: str) -> tuple[DetectorRecipe, ...]:
    """Of images, the detector whose net is trained, with measures of its own."""
    return () if _is_table(data) else (repairing_detector(data=data),)


def _fitting(usual: DetectorRecipe, training: Recipe | Untrained) -> AnomalyMeasure:
    """The measure for a model, unless one is named."""
    for each in (usual, *_trained(training.data)):
        if training.name == each.name or _is_table(training.data):
            return each.measure
    return LocalError()


def _usual(data: str, may_hold_outliers: bool) -> DetectorRecipe:
    """For tables, or for images."""
    if _is_table(data):
        return table_detector(data=data, may_hold_outliers=may_hold_outliers)
    if may_hold_outliers:
        raise ArgumentError(
            f"--may-hold-outliers is for tables only, got images in {data}; leave it out, since the detector of "
            "images ranks nearly as well when a tenth of what it learns has a defect, and finds fewer at its threshold"
        )
    return image_detector(data=data)


def _is_table(data: str) -> bool:
    source = parse_source(data)
    if not (source.is_embedded or source.is_hub) and not Path(source.place).exists():
        raise DataError(f"there is no file or folder {source.place}; give the normal examples by --data")
    return is_table(source)


def _measure(name: str | None, fitting: AnomalyMeasure, *, usual: DetectorRecipe) -> AnomalyMeasure:
    """That of this name as the fitting one has it, itself or as one of its parts; else with its own defaults."""
    if name is None:
        return fitting
    check_choice("measure", name, MEASURES)
    parts = fitting.measures if isinstance(fitting, Combined) else ()
    found = next((each for each in (fitting, *parts) if type(each) is MEASURES[name]), None)
    if found is not None:
        return found
    try:
        return MEASURES[name]()
    except TypeError as error:
        raise ArgumentError(
            f"the measure {name} must be made for its model, of the recipe {usual.name}, got another recipe; leave "
            "the recipe out, take another measure (--measure local-error), or build this one in Python"
        ) from error
