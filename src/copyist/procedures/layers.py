"""The named layers of a model, and the representation of an image at each."""

__all__ = [
    "OUTPUT",
    "Layer",
    "check_runs_on_images",
    "layers",
    "represent",
    "represent_all",
    "representation",
    "settled",
]

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, nn

from copyist.checks import check_choice
from copyist.errors import ArgumentError, ContractError
from copyist.models.contracts import Diffusion, Model, take_batch
from copyist.tensors import Codes, ExamplesLike, Images

OUTPUT = "output"
"""The name of the model's output; a submodule of that name is passed over."""

AnyModule = TypeVar("AnyModule", bound=nn.Module)


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A named layer of a model."""

    name: str
    """As in `named_modules`, or `output` for the model's output."""

    kind: str
    """The class of the module."""

    shape: tuple[int, ...]
    """Of one image's representation, without the batch."""


@torch.no_grad()
def layers(model: nn.Module, x: ExamplesLike | None = None) -> tuple[Layer, ...]:
    """Every named submodule that runs when the model does, in the order in which they end, and then the output.

    A module that runs several times stands where it first ended, with the shape of its last answer. Of an answer of
    several tensors the first is taken. Left out is what gives no floats, or not one row per image.

    Args:
        model: any module from images to a tensor.
        x: images (B, C, H, W) to run it on, or rows (B, D); None takes two gray ones of the model's `image_shape`.

    Raises:
        ArgumentError: there are no images, and the model does not say what images it takes.
        ContractError: there are no images, and the model runs on codes.
        ShapeError: `x` is not (B, C, H, W), or the model does not take images of this shape.
    """
    x = take_batch(model, _gray(model) if x is None else x)
    # A copy, since even to be run may change a model: its running averages, or hooks of its owner.
    model = settled(model, dtype=x.dtype)
    parts = _parts(model)
    answers: dict[str, Any] = {}
    handles = [part.register_forward_hook(_keeping(answers, name)) for name, part in parts.items()]
    try:
        answers[OUTPUT] = model(x)
    finally:
        for handle in handles:
            handle.remove()
    found = {name: _first_tensor(answer) for name, answer in answers.items()}
    return tuple(
        Layer(name=name, kind=type(parts.get(name, model)).__name__, shape=tuple(h.shape[1:]))
        for name, h in found.items()
        if h is not None and _is_representation(h, x)
    )


def check_runs_on_images(model: nn.Module, *, verb: str) -> None:
    """Refuse, for a verb that looks at layers by images, a diffusion model that runs on codes of them.

    Raises:
        ContractError: it does.
    """
    if isinstance(model, Diffusion) and not model.takes_noisy_images:
        raise ContractError(
            f"{verb} runs a model on images, and {type(model).__name__} runs on codes of images; take the autoencoder "
            "that makes the codes, its first stage"
        )


def representation(model: nn.Module, x: ExamplesLike, layer: str = OUTPUT) -> Codes:
    """The activations of a named layer, with gradients where the model gives them.

    The model runs once, in the mode it is in. Of a module that runs several times the last output is taken, and of
    several tensors in it the first is taken.

    Args:
        model: any module from images to a tensor.
        x: images (B, C, H, W).
        layer: a name in `layers`.

    Returns:
        h (B, ...), of any shape and range.

    Raises:
        UnknownNameError: the model has no such layer; the nearest is offered.
        ContractError: the layer did not run, or gives no floats with one row per image.
        ShapeError: `x` is not (B, C, H, W), or the model does not take images of this shape.
    """
    return represent(model, take_batch(model, x, keep_graph=True), layer)


def represent(model: nn.Module, x: Images, layer: str) -> Codes:
    """As `representation`, of a batch that the model takes, with any values: those of a descent may go anywhere.

    Raises:
        UnknownNameError, ContractError: as `representation`.
    """
    return represent_all(model, x, (layer,))[layer]


def represent_all(model: nn.Module, x: Images, names: Sequence[str]) -> dict[str, Codes]:
    """As `represent`, of several layers by name, from one run; the output may be among them.

    Raises:
        UnknownNameError, ContractError: as `representation`.
    """
    parts = _parts(model)
    for name in names:
        check_choice("layer", name, [*parts, OUTPUT])
    answers: dict[str, Any] = {}
    inner = [name for name in dict.fromkeys(names) if name != OUTPUT]
    handles = [parts[name].register_forward_hook(_keeping(answers, name)) for name in inner]
    try:
        answers[OUTPUT] = model(x)
    finally:
        for handle in handles:
            handle.remove()
    return {name: _checked(answers, name, x) for name in dict.fromkeys(names)}


def _checked(answers: dict[str, Any], layer: str, x: Images) -> Codes:
    """The answer of a layer, as one row per image."""
    h = _first_tensor(answers.get(layer))
    if h is None or not _is_representation(h, x):
        reason = "does not run" if layer not in answers else "gives no floats with one row per image"
        raise ContractError(
            f"a layer must represent each image, and {layer!r} {reason}; "
            "'layers' (copyist layers MODEL) lists those that do"
        )
    return h


def settled(model: AnyModule, *, dtype: torch.dtype) -> AnyModule:
    """A copy of the model in evaluation mode and `dtype`, with its weights frozen."""
    return copy.deepcopy(model).to(dtype).eval().requires_grad_(False)


def _parts(model: nn.Module) -> dict[str, nn.Module]:
    return {name: part for name, part in model.named_modules() if name not in ("", OUTPUT)}


def _gray(model: nn.Module) -> Images:
    check_runs_on_images(model, verb="layers")
    shape = model.example_shape if isinstance(model, Model) else None
    if shape is None:
        raise ArgumentError("the layers of a model are found by running it, and it does not say on what; give images")
    weight = next(model.parameters(), torch.empty(0))
    return torch.full((2, *shape), 0.5, device=weight.device, dtype=weight.dtype)


def _keeping(answers: dict[str, Any], name: str) -> Any:
    def keep(module: nn.Module, inputs: Any, answer: Any) -> None:
        h = _first_tensor(answer)
        # What follows may overwrite it in place, as ReLU does.
        answers[name] = None if h is None else h.clone()

    return keep


def _first_tensor(answer: object) -> Tensor | None:
    if isinstance(answer, Tensor):
        return answer
    if isinstance(answer, Sequence) and not isinstance(answer, str):
        found = (_first_tensor(each) for each in cast("Sequence[object]", answer))
        return next((each for each in found if each is not None), None)
    return None


def _is_representation(h: Tensor, x: Images) -> bool:
    return h.is_floating_point() and h.ndim > 0 and h.shape[0] == x.shape[0]
