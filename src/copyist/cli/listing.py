"""`copyist recipes` and `copyist models`: what there is."""

__all__ = ["models", "recipes"]

from typing import Any

from copyist.cli.options import Json
from copyist.cli.terminal import show


def recipes(as_json: Json = False) -> None:
    """List the recipes that 'copyist train' takes, with their settings."""
    from copyist.recipes import RECIPES
    from copyist.settings import dump
    from copyist.training import CATALOGUES

    documents = {name: dump(make(), CATALOGUES) for name, make in RECIPES.items()}
    lines = [f"{name:18} {(make.__doc__ or '').strip()}" for name, make in RECIPES.items()]
    lines += ["", "All settings of a recipe: copyist recipes --json. Change them with --set, as in --set width=32."]
    show("\n".join(lines), documents, as_json=as_json)


def models(as_json: Json = False) -> None:
    """List the kinds of model, with the settings of each."""
    import dataclasses
    import json

    from copyist.models import MODELS
    from copyist.settings import dump

    lines: list[str] = []
    found: dict[str, dict[str, Any]] = {}
    for kind, config in MODELS.items():
        found[kind] = {field.name: dump(field.default, {}) for field in dataclasses.fields(config)}
        lines.append(f"{kind:16} {(config.__doc__ or '').strip()}")
        lines += [f"                 {name} = {json.dumps(default)}" for name, default in found[kind].items()]
    show("\n".join(lines), found, as_json=as_json)
