"""A model that copies pictures as one page for a browser."""

__all__ = ["page_parts", "web_page"]

from collections.abc import Mapping

import torch

from copyist import settings
from copyist.checkpoint import MODEL_CATALOGUES
from copyist.errors import ArgumentError, ContractError, ShapeError
from copyist.export.families import WHOLE
from copyist.export.part import Part
from copyist.export.parts import find_part, part_names
from copyist.export.runtime import WebRuntime
from copyist.export.web_page import PageConfig, page_text
from copyist.models.contracts import Model, Reconstructor, Variational, needs

_SIDES = (16, 32, 48, 64, 96, 128)
"""To choose from, where the model takes them."""


def page_parts(model: Model, *, size: tuple[int, int] | None) -> tuple[Part, ...]:
    """What the page runs: encoder and decoder, or the whole of a model without a code.

    Raises:
        ContractError: the model does not copy, or takes tables, or images of other than one or three channels.
        ShapeError, ArgumentError: it does not take images of this size.
    """
    needs(model, Reconstructor, verb="the page").check_pictures(verb="the page")
    names = ("encoder", "decoder") if "encoder" in part_names(model) else (WHOLE,)
    parts = tuple(find_part(model, name, size=size) for name in names)
    if parts[0].shape[0] not in (1, 3):
        raise ContractError(
            f"the page shows images of one channel or three, and the model takes {parts[0].shape[0]}; export it to onnx"
        )
    return parts


def web_page(model: Model, parts: tuple[Part, ...], models: Mapping[str, bytes], runtime: WebRuntime) -> str:
    """The page of a model, with the ONNX file of each part."""
    channels, height, width = parts[0].shape
    size = (height, width)
    sizes = _sizes(model, channels, size)
    code_shapes: tuple[tuple[int, ...], ...] = ()
    if isinstance(model, Variational):
        code_shapes = tuple(model.code_shape((channels, *each)) for each in sizes)
    config = PageConfig(
        channels=channels,
        size=size,
        sizes=sizes,
        parts=tuple(part.name for part in parts),
        code_shapes=code_shapes,
    )
    kind = str(settings.dump(model.config, MODEL_CATALOGUES).get("kind", type(model).__name__))
    trained = model.trained_on
    facts = [f"{sum(weight.numel() for weight in model.parameters()):,} weights"]
    if trained.objective:
        facts.append(f"trained by {trained.objective.replace('-', ' ')}")
    if trained.image_shape is not None:
        facts.append("on images of " + "×".join(map(str, trained.image_shape[1:])))
    note = "Each picture is judged alone."
    if model.uses_batch_statistics:
        note = (
            f"The model normalizes by the statistics of its batch, which held {model.batch_size} images in training; "
            "here each picture is a batch of its own."
        )
    source = trained.source.partition("?")[0]
    title = f"{kind} of {source}" if source else kind
    return page_text(config, models, runtime, title=title, facts=", ".join(facts), note=note)


def _sizes(model: Model, channels: int, size: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    found = {size}
    for side in _SIDES:
        try:
            model.check_input(torch.zeros(1, channels, side, side))
        except (ShapeError, ArgumentError):
            continue
        found.add((side, side))
    return tuple(sorted(found))
