"""The header of a model file: what rebuilds the model, and what it was trained on and how."""

__all__ = ["NO_MODEL", "Header", "classes_of", "header_of", "is_state", "trained_on"]

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from copyist.checkpoint.migration import migrate_model, migrate_recipe
from copyist.checkpoint.tensor_file import FORMAT_VERSION
from copyist.errors import CheckpointError
from copyist.models.contracts import TrainedOn

NO_MODEL = "none"
"""The kind of model in a file that holds a detector without one."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """The header of a model file: everything but the weights."""

    model: dict[str, Any]
    """The kind of model, and its config; for one's own the kind is `package.module:Class`, which names
    a `ModelConfig`, or a `Model` that takes the config's fields."""

    batch_size: int
    """Images per batch in training, and by default in use."""

    data: dict[str, Any] = field(default_factory=dict[str, Any])
    """The training data: source, shape, number, mean and standard deviation per channel or column, the names of
    columns, those of the classes that were learned, fingerprint."""

    recipe: dict[str, Any] = field(default_factory=dict[str, Any])
    """The recipe that was trained, with every setting."""

    training: dict[str, Any] = field(default_factory=dict[str, Any])
    """How the training went: steps, seconds, losses, device; of a run that is not finished also `planned_steps`."""

    format_version: int = FORMAT_VERSION
    package_version: str = field(default_factory=partial(cache(version), "copyist"))


def header_of(path: Path, document: Mapping[str, Any]) -> Header:
    """The header that the document of the file at `path` makes, or of a run's state; older ones are migrated.

    Raises:
        CheckpointError: a field is missing or of another type, or the state is of an older version.
    """
    if "counters" in document and not is_state(document):
        raise CheckpointError(
            f"{path} is the state of a run that is not finished, of an older copyist; go on with it by copyist train "
            f"--resume --out {path.parent.parent}"
        )
    if is_state(document):
        document = {**cast("dict[str, Any]", document["header"]), "format_version": document["format_version"]}
    fields = {"model": dict, "batch_size": int, "data": dict, "recipe": dict, "training": dict, "package_version": str}
    for name, kind in fields.items():
        if not isinstance(document.get(name), kind):
            raise CheckpointError(f"{path} is no model file: its header has no valid {name!r}; train the model again")
    if document["batch_size"] < 1:
        raise CheckpointError(f"{path} must have a batch size of at least 1, got {document['batch_size']}")
    found = {name: document[name] for name in fields}
    if document["format_version"] < FORMAT_VERSION:
        found["model"], found["recipe"] = migrate_model(document["model"]), migrate_recipe(document["recipe"])
        found["data"] = _migrated_data(document["data"])
    _image_shape(path, found["data"])
    _columns(path, found["data"])
    classes_of(path, found["data"])
    return Header(format_version=FORMAT_VERSION, **found)


def is_state(document: Mapping[str, Any]) -> bool:
    """Whether a document is that of the state of a run, in which the header of its model stands."""
    return "counters" in document and "header" in document


def trained_on(path: Path, header: Header) -> TrainedOn:
    """What the model in the file at `path` was trained on.

    Raises:
        CheckpointError: the header holds shapes, columns or classes that are none.
    """
    return TrainedOn(
        batch_size=header.batch_size,
        image_shape=_image_shape(path, header.data),
        columns=_columns(path, header.data),
        classes=classes_of(path, header.data),
        source=str(header.data.get("source", "")),
        fingerprint=str(header.data.get("fingerprint", "")),
        objective=_objective(header.recipe),
    )


def classes_of(path: Path, data: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The names of the classes, by the data of the header of the file at `path`; None where it has none.

    Raises:
        CheckpointError: they are no texts.
    """
    classes = data.get("classes")
    return None if classes is None else _texts(path, classes, what="classes")


def _migrated_data(data: Mapping[str, Any]) -> dict[str, Any]:
    """Of a table the shape of a row stood where that of an image does."""
    shape = data.get("image_shape")
    of_table = isinstance(shape, list) and len(cast("list[Any]", shape)) == 1
    return {name: value for name, value in data.items() if not (of_table and name == "image_shape")}


def _image_shape(path: Path, data: Mapping[str, Any]) -> tuple[int, int, int] | None:
    shape = data.get("image_shape")
    if shape is None:
        return None
    if not isinstance(shape, list) or [type(side) for side in cast("list[Any]", shape)] != [int] * 3:
        raise CheckpointError(f"{path} must have an image shape of three whole numbers, got {shape!r}")
    channels, height, width = cast("list[int]", shape)
    return channels, height, width


def _columns(path: Path, data: Mapping[str, Any]) -> tuple[str, ...]:
    return _texts(path, data.get("columns", []), what="columns")


def _texts(path: Path, names: Any, *, what: str) -> tuple[str, ...]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in cast("list[Any]", names)):
        raise CheckpointError(f"{path} must name its {what} in a list of texts, got {names!r}")
    return tuple(cast("list[str]", names))


def _objective(recipe: Mapping[str, Any]) -> str:
    objective: Any = recipe.get("objective")
    return str(cast("dict[str, Any]", objective).get("kind", "")) if isinstance(objective, dict) else ""
