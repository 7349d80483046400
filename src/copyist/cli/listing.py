"""`copyist recipes` and `copyist models`: what there is."""

__all__ = ["models", "recipes"]

import inspect
import shlex
import sys
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, cast

import typer

from copyist.cli.options import Json
from copyist.cli.terminal import show


def recipes(
    name: Annotated[str | None, typer.Argument(help="Show all settings of this one.", metavar="NAME")] = None,
    as_json: Json = False,
) -> None:
    """List the recipes that 'copyist train' takes, or show one with all its settings."""
    from copyist.drawing.text import text_table
    from copyist.recipes import RECIPES, configured
    from copyist.settings import dump
    from copyist.training import CATALOGUES

    if name is not None:
        document = dump(configured(name), CATALOGUES)
        show(_settings_of(document, about=RECIPES[document["name"]].__doc__ or ""), document, as_json=as_json)
        return
    documents = {name: dump(make(), CATALOGUES) for name, make in RECIPES.items()}
    table = text_table([(name, _first_line(make)) for name, make in RECIPES.items()], sides=("left",))
    more = "All settings of a recipe: copyist recipes NAME. Change them with --set, as in --set width=64."
    show(f"{table}\n\n{more}", documents, as_json=as_json)


def models(as_json: Json = False) -> None:
    """List the kinds of model, with the settings of each."""
    import dataclasses
    import json

    from copyist.drawing.text import text_table
    from copyist.models import MODELS, ModelConfig
    from copyist.settings import dump

    lines: list[tuple[str, str]] = []
    found: dict[str, dict[str, Any]] = {}
    for kind, config in MODELS.items():
        found[kind] = {field.name: dump(field.default, {ModelConfig: MODELS}) for field in dataclasses.fields(config)}
        lines.append((kind, _first_line(_built_by(config))))
        lines += [("", f"{name} = {json.dumps(default)}") for name, default in found[kind].items()]
    show(text_table(lines, sides=("left",)), found, as_json=as_json)


def _first_line(documented: object) -> str:
    """What it is, in one sentence."""
    return (documented.__doc__ or "").strip().partition("\n")[0]


def _built_by(config: type) -> object:
    """The class of the model, which stands below its config and bears its name."""
    return getattr(sys.modules[config.__module__], config.__name__.removesuffix("Config"))


def _settings_of(document: Mapping[str, Any], *, about: str) -> str:
    name, data = document["name"], document["data"]
    rate = document["training"]["optimization"]["learning_rate"]
    # Shells take ? and & for themselves.
    example = f"copyist train {name} --data {shlex.quote(data)} --out runs/{name} --set learning_rate={rate:g}"
    settings = {key: value for key, value in document.items() if key != "name"}
    return "\n".join(
        [f"{name}: {inspect.cleandoc(about)}", "", *_lines(settings), "", f"Change any with --set: {example}"]
    )


def _lines(table: Mapping[str, Any], *, indent: str = "") -> Iterator[str]:
    """One line per setting, and those of a part below its name and kind."""
    import json

    for name, value in table.items():
        if isinstance(value, dict):
            part = cast("dict[str, Any]", value)
            yield f"{indent}{name}: {part.get('kind', '')}".rstrip()
            yield from _lines({key: each for key, each in part.items() if key != "kind"}, indent=f"{indent}  ")
        else:
            yield f"{indent}{name} = {json.dumps(value)}"
