"""Model files of format 1, whose models had other names for their kinds, settings and weights."""

__all__ = ["migrate_model", "migrate_recipe", "migrate_tensors"]

import re
from collections.abc import Mapping
from typing import Any, cast

from torch import Tensor

_POSITIONS = {"drawn": "normal", "waves": "sincos"}
"""How learned positions are initialized, by its name in format 1."""

_LEVELS = {"unet", "unet-skips", "attention-unet", "variational-unet", "conv-classifier"}
"""The kinds of format 1 that were made of blocks of convolutions, each one `nn.Sequential`."""

_UNITS = {
    r"^readers\.": "to_code.",
    r"^silence$": "examples_since_fired",
    r"^revivals$": "times_resampled",
}
"""Names in sparse autoencoders."""

_POSTERIOR = {r"^code\.": "to_posterior."}
"""Names in variational autoencoders."""


_OBJECTIVES = {"reviving": "dead-unit-resampling"}
"""Kinds of objectives."""


def migrate_model(model: Mapping[str, Any]) -> dict[str, Any]:
    """The kind and config of a model as this version has them, from those of format 1."""
    changed = {name: migrate_model(value) if isinstance(value, dict) else value for name, value in model.items()}
    kind = model.get("kind")
    if kind in ("unet-skips", "attention-unet"):
        changed |= {"kind": "unet", "skips": model.get("skips", kind == "unet-skips")}
    shape = model.get("image_shape")
    if isinstance(shape, list) and len(cast("list[Any]", shape)) == 1:
        changed |= {"image_shape": None, "num_columns": shape[0]}
    if "places" in model:
        changed["positions"] = _POSITIONS.get(str(changed.pop("places")), model["places"])
    return changed


def migrate_recipe(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe that was trained as this version has it, from that of format 1."""
    changed: dict[str, Any] = {name: _renamed_objectives(value) for name, value in recipe.items()}
    if isinstance(recipe.get("model"), dict):
        changed["model"] = migrate_model(recipe["model"])
    return changed


def migrate_tensors(tensors: Mapping[str, Tensor], model: Mapping[str, Any]) -> dict[str, Tensor]:
    """The tensors of a model by this version's names, from those of format 1.

    Args:
        tensors: by their names in the file.
        model: the kind and config, as the file has them.
    """
    inner = model.get("model")
    if isinstance(inner, dict):
        prefix = "model."
        own = {name: tensor for name, tensor in tensors.items() if not name.startswith(prefix)}
        within = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
        within = migrate_tensors(within, cast("dict[str, Any]", inner))
        return own | {f"{prefix}{name}": tensor for name, tensor in within.items()}
    kind = str(model.get("kind"))
    patterns = _UNITS if kind == "sparse-mlp" else _POSTERIOR if kind.startswith("variational-") else {}
    renamed = {_replace_name(name, patterns): tensor for name, tensor in tensors.items()}
    return {_name_in_level(name): tensor for name, tensor in renamed.items()} if kind in _LEVELS else renamed


def _name_in_level(name: str) -> str:
    """`down.1.1.3.weight`, `up.blocks.0.block.4.bias` … as `down.1.block.layers.1.conv.weight` …"""
    found = re.match(r"^(down|up\.blocks|blocks)\.(\d+)\.(.*)$", name)
    if found is None:
        return name
    place, level, rest = found.groups()
    place = "up.levels" if place == "up.blocks" else place
    # A level that halves its maps was the halving and the block in a row.
    layer = re.match(r"^(?:block\.)?(?:1\.(?=\d+\.))?(\d+)\.(\w+)$", rest)
    if layer is None:
        return f"{place}.{level}.{rest}"
    index, parameter = int(layer[1]), layer[2]
    # Convolution, normalization and ReLU, again and again.
    part = ("conv", "norm")[index % 3]
    return f"{place}.{level}.block.layers.{index // 3}.{part}.{parameter}"


def _replace_name(name: str, patterns: Mapping[str, str]) -> str:
    for pattern, replacement in patterns.items():
        name = re.sub(pattern, replacement, name)
    return name


def _renamed_objectives(value: Any) -> Any:
    """A part of a recipe in which each kind of objective has its name of this version."""
    if isinstance(value, list):
        return [_renamed_objectives(item) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    changed = {name: _renamed_objectives(item) for name, item in cast("dict[str, Any]", value).items()}
    return changed | {"kind": _OBJECTIVES.get(changed["kind"], changed["kind"])} if "kind" in changed else changed
