"""Frozen dataclasses as JSON and back, and settings changed by name.

A field whose type is abstract holds one of several classes; a *catalogue* names them, and the JSON says which under
"kind". Values are checked by pydantic, so that "64" from a command line becomes the integer 64 and "many" is refused.
"""

__all__ = ["Catalogues", "change", "dump", "load"]

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar, cast, get_args, get_origin, get_type_hints

import pydantic

from copyist.checks import check_choice, nearest_match
from copyist.errors import ArgumentError, UnknownNameError

Catalogues: TypeAlias = Mapping[type, Mapping[str, type]]
"""For each abstract class, the names of the classes that may stand in its place."""

T = TypeVar("T")


def dump(value: Any, catalogues: Catalogues) -> Any:
    """Numbers, strings, lists and dicts for a (nested) dataclass, ready for JSON."""
    if isinstance(value, tuple | list):
        return [dump(item, catalogues) for item in cast("list[Any]", value)]
    if not dataclasses.is_dataclass(value):
        return value
    kinds = [name for known in catalogues.values() for name, choice in known.items() if type(value) is choice]
    tag: dict[str, Any] = {"kind": kinds[0]} if kinds else {}
    return tag | {
        field.name: dump(getattr(value, field.name), catalogues) for field in dataclasses.fields(value) if field.init
    }


def load(kind: type[T], data: Any, catalogues: Catalogues, *, name: str = "") -> T:
    """The dataclass of type `kind` that `dump` turned into `data`.

    Raises:
        ArgumentError: a value is of the wrong type, or breaks a rule of its class.
        UnknownNameError: a field or kind is unknown.
    """
    if not isinstance(data, dict):
        raise ArgumentError(f"{name or 'the document'} must be a table of settings, got {data!r}")
    given = dict(cast("dict[str, Any]", data))
    if kind in catalogues:
        chosen = str(given.pop("kind", None))
        check_choice(name or "kind", chosen, catalogues[kind])
        kind = cast("type[T]", catalogues[kind][chosen])
    hints = get_type_hints(kind)
    fields = [field.name for field in dataclasses.fields(cast(Any, kind)) if field.init]
    for key in given:
        check_choice(f"setting of {name or kind.__name__}", key, fields)
    values = {key: _value(hints[key], item, catalogues, name=f"{name}.{key}".strip(".")) for key, item in given.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise ArgumentError(f"{name or kind.__name__} lacks a setting: {error}") from error


def change(value: T, assignments: Mapping[str, str], catalogues: Catalogues) -> T:
    """The same dataclass with settings replaced, each named in full (`model.width`) or by its last part (`width`).

    Raises:
        UnknownNameError: no setting has such a name, or several have; the nearest or all are offered.
        ArgumentError: a value is of the wrong type.
    """
    document = dump(value, catalogues)
    for name, text in assignments.items():
        *parents, last = _find(document, name).split(".")
        table = document
        for parent in parents:
            table = table[parent]
        table[last] = _parse(text)
    return load(type(value), document, catalogues)


def _value(hint: Any, item: Any, catalogues: Catalogues, *, name: str) -> Any:
    nested = [
        choice for choice in (hint, *get_args(hint)) if isinstance(choice, type) and _is_nested(choice, catalogues)
    ]
    if nested and get_origin(hint) is tuple:
        if not isinstance(item, list):
            raise ArgumentError(f"{name} must be a list, got {item!r}")
        return tuple(load(nested[0], part, catalogues, name=name) for part in cast("list[Any]", item))
    if nested and item is not None:
        return load(nested[0], item, catalogues, name=name)
    try:
        return pydantic.TypeAdapter(hint, config={"allow_inf_nan": False}).validate_python(item)
    except pydantic.ValidationError as error:
        rule = error.errors()[0]["msg"].removeprefix("Input should be ")
        raise ArgumentError(f"{name} must be {rule}, got {item!r}") from error


def _is_nested(choice: type, catalogues: Catalogues) -> bool:
    return choice in catalogues or dataclasses.is_dataclass(choice)


def _find(document: dict[str, Any], name: str) -> str:
    paths = list(_paths(document))
    matches = [path for path in paths if path == name or path.endswith(f".{name}")]
    if name in matches:
        return name
    if len(matches) > 1:
        raise UnknownNameError(f"setting {name!r} could mean {' or '.join(matches)}; write it in full")
    if not matches:
        near = nearest_match(name, {path.rpartition(".")[2] for path in paths})
        raise UnknownNameError(f"there is no setting {name!r}; {near}")
    return matches[0]


def _paths(document: dict[str, Any], prefix: str = "") -> list[str]:
    paths: list[str] = []
    for key, value in document.items():
        if isinstance(value, dict):
            paths += _paths(cast("dict[str, Any]", value), f"{prefix}{key}.")
        elif key != "kind":
            paths.append(f"{prefix}{key}")
    return paths


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        pass
    if text.lower() in ("none", "true", "false"):
        return {"none": None, "true": True, "false": False}[text.lower()]
    return [_parse(part) for part in text.split(",")] if "," in text else text
