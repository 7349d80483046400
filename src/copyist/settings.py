"""Frozen dataclasses as JSON and back, and settings changed by name.

A field whose type is abstract holds one of several classes; a *catalogue* names them, and the JSON says which under
"kind". Values are checked by pydantic, so that "64" from a command line becomes the integer 64 and "many" is refused.
"""

__all__ = ["Catalogues", "change", "dump", "later", "load", "read_assignments"]

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Literal, TypeAlias, TypeVar, cast, get_args, get_origin, get_type_hints

import pydantic

from copyist.checks import check_choice, nearest_match
from copyist.errors import ArgumentError, UnknownNameError

Catalogues: TypeAlias = Mapping[type, Mapping[str, type]]
"""For each abstract class, the names of the classes that may stand in its place."""

T = TypeVar("T")

_LATER = "later"
"""The key of a field's metadata that `later` sets."""


def later(default: T) -> T:
    """The default of a setting that a dataclass was given later: `dump` leaves it out where it has this value.

    Documents that were written before, and what is told by their bytes, then stay as they are.
    """
    return dataclasses.field(default=default, metadata={_LATER: True})


def dump(value: Any, catalogues: Catalogues, *, whole: bool = False) -> Any:
    """Numbers, strings, lists and dicts for a (nested) dataclass, ready for JSON.

    Args:
        value: the dataclass, or a list of such.
        catalogues: what abstract classes stand for.
        whole: whether settings at a `later` default are mentioned too.
    """
    if isinstance(value, tuple | list):
        return [dump(item, catalogues, whole=whole) for item in cast("list[Any]", value)]
    if not dataclasses.is_dataclass(value):
        return value
    hints = _hints(type(value))
    fields = [field for field in dataclasses.fields(value) if field.init and (whole or not _is_quiet(value, field))]
    settings = {field.name: getattr(value, field.name) for field in fields}
    # A part that is left out is not mentioned.
    mentioned = {
        name: item for name, item in settings.items() if item is not None or not _parts(hints[name], catalogues)
    }
    return _tag(type(value), catalogues) | {
        name: dump(item, catalogues, whole=whole) for name, item in mentioned.items()
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
        if "kind" not in given:
            raise ArgumentError(f"{name or 'the document'} must say its kind; {nearest_match('', catalogues[kind])}")
        chosen = str(given.pop("kind"))
        check_choice(name or "kind", chosen, catalogues[kind])
        kind = cast("type[T]", catalogues[kind][chosen])
    elif names := _tag(kind, catalogues):
        # A class that only one kind may stand for is told by it all the same.
        check_choice(name or "kind", str(given.pop("kind", names["kind"])), names.values())
    hints = _hints(kind)
    fields = [field.name for field in dataclasses.fields(cast(Any, kind)) if field.init]
    for key in given:
        check_choice(f"setting of {name or kind.__name__}", key, fields)
    values = {key: _value(hints[key], item, catalogues, name=f"{name}.{key}".strip(".")) for key, item in given.items()}
    missing = [field.name for field in dataclasses.fields(cast(Any, kind)) if _is_needed(field)]
    for needed in missing:
        if needed not in values:
            raise ArgumentError(f"{name or kind.__name__} must have the setting {needed!r}, which is missing")
    return kind(**values)


def change(value: T, assignments: Mapping[str, str], catalogues: Catalogues, *, of: str = "") -> T:
    """The same dataclass with settings replaced, each named in full (`model.width`) or by its last part (`width`).

    A part with settings of its own is replaced by its kind (`objective=copying`), or by a JSON table of them. A
    refusal says whose setting there is not, where `of` names that.

    Raises:
        UnknownNameError: no setting has such a name, or several have; the nearest or all are offered.
        ArgumentError: a value is of the wrong type.
    """
    document = dump(value, catalogues, whole=True)
    left_out = list(_left_out(value, catalogues))
    for name, text in assignments.items():
        path = _find([*_paths(document), *left_out], name, of=of)
        *parents, last = path.split(".")
        table = document
        for parent in parents:
            table = table[parent]
        # A text is taken as it stands, be it called 64 or none.
        item = text if isinstance(table.get(last), str) else _parse(text)
        is_part = path in left_out or isinstance(table.get(last), dict)
        table[last] = {"kind": item} if is_part and isinstance(item, str) else item
    return load(type(value), document, catalogues)


def read_assignments(assignments: Sequence[str]) -> dict[str, str]:
    """Settings written `name=value`, as texts by name.

    Raises:
        ArgumentError: one is written in another way.
    """
    changes: dict[str, str] = {}
    for assignment in assignments:
        setting, separator, value = assignment.partition("=")
        if not separator or not setting.strip():
            raise ArgumentError(f"a setting must be written name=value, got {assignment!r}; write --set width=32")
        changes[setting.strip()] = value.strip()
    return changes


@cache
def _hints(kind: type) -> dict[str, Any]:
    """The types of a class's fields, worked out once: a run dumps its recipe whenever it saves."""
    return get_type_hints(kind)


def _is_quiet(value: Any, field: "dataclasses.Field[Any]") -> bool:
    return _LATER in field.metadata and getattr(value, field.name) == field.default


def _tag(kind: type, catalogues: Catalogues) -> dict[str, str]:
    for abstract, known in catalogues.items():
        names = [name for name, choice in known.items() if kind is choice]
        if names or issubclass(kind, abstract):
            # A class of the user's own is told by where it lives.
            return {"kind": names[0] if names else f"{kind.__module__}:{kind.__qualname__}"}
    return {}


def _value(hint: Any, item: Any, catalogues: Catalogues, *, name: str) -> Any:
    nested = _parts(hint, catalogues)
    if nested and get_origin(hint) is tuple:
        if not isinstance(item, list):
            raise ArgumentError(f"{name} must be a list, got {item!r}")
        return tuple(load(nested[0], part, catalogues, name=name) for part in cast("list[Any]", item))
    if nested:
        may_be_left_out = type(None) in get_args(hint)
        return None if item is None and may_be_left_out else load(nested[0], item, catalogues, name=name)
    if get_origin(hint) is tuple and ... in get_args(hint) and isinstance(item, int | float | str):
        item = [item]
    try:
        # Leniency turns "64" into 64; but it would also turn true into 1.
        adapter = pydantic.TypeAdapter(hint, config={"allow_inf_nan": False})
        return adapter.validate_python(item, strict=isinstance(item, bool))
    except pydantic.ValidationError as error:
        raise ArgumentError(f"{name} must be {_in_words(hint)}, got {item!r}") from error


def _parts(hint: Any, catalogues: Catalogues) -> list[type[Any]]:
    """The classes with settings of their own that a value of this type may be."""
    return [choice for choice in (hint, *get_args(hint)) if isinstance(choice, type) and _is_nested(choice, catalogues)]


def _in_words(hint: Any) -> str:
    """What a value of this type is called, in the words of someone who writes it on a command line."""
    if get_origin(hint) is Literal:
        return _joined([repr(choice) for choice in get_args(hint)])
    if get_origin(hint) is tuple:
        items = [item for item in get_args(hint) if item is not ...]
        count = "a list of" if ... in get_args(hint) else f"{len(items)}"
        return f"{count} {_WORDS.get(items[0], ('', 'values'))[1]}"
    if get_args(hint):
        return _joined([_in_words(choice) for choice in get_args(hint)])
    return _WORDS[hint][0] if hint in _WORDS else f"a {getattr(hint, '__name__', hint)}"


_WORDS: dict[Any, tuple[str, str]] = {
    int: ("a whole number", "whole numbers"),
    float: ("a number", "numbers"),
    bool: ("true or false", "of true or false"),
    str: ("a text", "texts"),
    type(None): ("none", "of none"),
}
"""One of a type, and several."""


def _joined(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _is_needed(field: "dataclasses.Field[Any]") -> bool:
    without = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    return field.init and without


def _is_nested(choice: type, catalogues: Catalogues) -> bool:
    return choice in catalogues or dataclasses.is_dataclass(choice)


def _find(paths: Sequence[str], name: str, *, of: str) -> str:
    matches = [path for path in paths if path == name or path.endswith(f".{name}")]
    if name in matches:
        return name
    # The shallowest is meant, as training.steps of a run and not those of a run before it.
    shallowest = min((path.count(".") for path in matches), default=0)
    matches = [path for path in matches if path.count(".") == shallowest]
    if len(matches) > 1:
        raise UnknownNameError(f"setting {name!r} could mean {' or '.join(matches)}; write it in full")
    if not matches:
        near = nearest_match(name.rpartition(".")[2], {path.rpartition(".")[2] for path in paths})
        raise UnknownNameError(f"there is no setting {name!r}{f' of {of}' if of else ''}; {near}")
    return matches[0]


def _paths(document: dict[str, Any], prefix: str = "") -> list[str]:
    paths: list[str] = []
    for key, value in document.items():
        if key != "kind":
            paths.append(f"{prefix}{key}")
        if isinstance(value, dict):
            paths += _paths(cast("dict[str, Any]", value), f"{prefix}{key}.")
    return paths


def _left_out(value: Any, catalogues: Catalogues, prefix: str = "") -> Iterator[str]:
    """The parts of a (nested) dataclass that `dump` does not mention."""
    if not dataclasses.is_dataclass(value):
        return
    hints = _hints(type(value))
    for field in dataclasses.fields(value):
        item = getattr(value, field.name)
        if item is None and field.init and _parts(hints[field.name], catalogues):
            yield f"{prefix}{field.name}"
        yield from _left_out(item, catalogues, f"{prefix}{field.name}.")


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        pass
    if text.lower() in ("none", "true", "false"):
        return {"none": None, "true": True, "false": False}[text.lower()]
    return [_parse(part) for part in text.split(",")] if "," in text else text
