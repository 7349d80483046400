"""The config of a recipe's model, fitted to the data; and what to do where its first stage does not fit."""

__all__ = ["fitted_config", "initial_config"]

import itertools
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import torch

from copyist.errors import CopyistError, ShapeError
from copyist.models.contracts import ModelConfig
from copyist.models.latent_diffusion import LatentDiffusionConfig
from copyist.training.config import Recipe

_MULTIPLES = tuple(2**power for power in range(11))
"""Of which sides that fit are looked for."""


def fitted_config(recipe: Recipe, shape: tuple[int, ...]) -> ModelConfig:
    """The config of a recipe's model, for images (C, H, W) or rows (D,) of a table.

    Raises:
        ShapeError: it was built for other examples. Of a first stage the sentence names what fits the whole model: of
            one that is trained before the settings in full, and of one that is given no settings, since it has its own.
    """
    model = initial_config(recipe)
    if isinstance(model, LatentDiffusionConfig) and model.first_stage is not None:
        try:
            model.first_stage.fitted(shape)
        except ShapeError as error:
            if len(shape) != 3:
                raise
            raise _refusal(error, model, shape, trained=recipe.first_stage is not None) from error
    return model.fitted(shape)


def initial_config(recipe: Recipe) -> ModelConfig:
    """The config of a recipe's model, with that of the first stage that is trained before."""
    model, first = recipe.model, recipe.first_stage
    if first is None or not isinstance(model, LatentDiffusionConfig):
        return model
    return replace(model, first_stage=first.model)


def _refusal(error: ShapeError, model: LatentDiffusionConfig, shape: tuple[int, ...], *, trained: bool) -> ShapeError:
    """The refusal of a first stage, with remedies that fit it and the denoiser of its codes."""
    # Its own remedy is that of a model that stands alone.
    problem = re.sub(r"^the model\b", "the first stage", error.problem)
    options = next((_options(other, shape) for other in _shapes(model, shape) if _fits(model, other)), None)
    remedies = [] if options is None else [f"take the data with {options}"]
    if trained:
        settings = next((text for text, other in _changes(model) if _fits(other, shape)), None)
        remedies += [] if settings is None else [f"build the first stage otherwise ({settings})"]
    if not trained or not remedies:
        remedies.append("take another first stage (--first-stage MODEL)")
    return ShapeError(f"{problem}; {', or '.join(remedies)}")


def _fits(model: LatentDiffusionConfig, shape: tuple[int, ...]) -> bool:
    try:
        # Nothing is computed for it, and of no size.
        with torch.device("meta"):
            model.fitted(shape)
    except CopyistError:
        return False
    return True


def _shapes(model: LatentDiffusionConfig, shape: tuple[int, ...]) -> Iterator[tuple[int, int, int]]:
    """Shapes (C, H, W) that data of this shape can be brought to, those that change least first."""
    channels, height, width = shape
    own = getattr(model.first_stage, "image_shape", None)
    sizes = [(height, width), *([] if own is None else [tuple(own[1:])])]
    sizes += [tuple(max(2, -(-side // each)) * each for side in (height, width)) for each in _MULTIPLES]
    for (high, wide), found in itertools.product(sizes, dict.fromkeys((channels, 1, 3))):
        yield found, high, wide


def _options(wanted: tuple[int, int, int], shape: tuple[int, ...]) -> str:
    """The options by which a source of images of one shape is given as images of another."""
    (channels, height, width), (own_channels, own_height, own_width) = wanted, shape
    options: list[str] = []
    if (height, width) != (own_height, own_width):
        same_ratio = height * own_width == width * own_height
        options = [f"size={height}" if height == width else f"size={height}x{width}"]
        # Without it a source is cut to the ratio of the sides.
        options += [] if same_ratio else ["fit=pad"]
    return "?" + "&".join([*options, *([] if channels == own_channels else [f"channels={channels}"])])


def _changes(model: LatentDiffusionConfig) -> Iterator[tuple[str, LatentDiffusionConfig]]:
    """Settings of the model as options, and the model with them: what is left to the data first, then fewer levels."""
    first: Any = model.first_stage
    names = {field.name for field in fields(first)}
    for name in ("channels", "image_shape"):
        if name in names:
            changed = replace(first, **{name: None})
            yield f"--set first_stage.model.{name}=none", replace(model, first_stage=changed)
    if "levels" not in names:
        return
    for levels, below in itertools.product(range(first.levels, 0, -1), range(model.denoiser.levels, 0, -1)):
        given = {"first_stage.model.levels": (levels, first.levels), "denoiser.levels": (below, model.denoiser.levels)}
        text = " ".join(f"--set {name}={value}" for name, (value, usual) in given.items() if value != usual)
        if text:
            denoiser = replace(model.denoiser, levels=below)
            yield text, replace(model, first_stage=replace(first, levels=levels), denoiser=denoiser)
