"""The parts of a model that can leave PyTorch, by what its contract says that it can do."""

__all__ = ["WHOLE", "find_part", "part_names"]

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import torch
from torch import Tensor

from copyist.checks import check_choice
from copyist.errors import ArgumentError, ContractError
from copyist.export.examples import draw_examples
from copyist.export.part import Part, Value
from copyist.models.contracts import Autoencoder, Classifier, Compressor, Diffusion, Model, Reconstructor, Variational
from copyist.randomness import generator
from copyist.tensors import Examples

WHOLE = "whole"
"""The part that is the model."""

_OWN_SIDE = 4
"""How many times as far as it may be halved an image reaches, where a model does not say what it was trained on."""

_OF_CODES = {
    "encoder": "a model with a code",
    "decoder": "a model with a code",
    "analysis": "a codec after its training",
    "synthesis": "a codec after its training",
}
"""Parts that not all models have, and what has them."""

Outputs: TypeAlias = tuple[Tensor, ...]


def part_names(model: Model) -> tuple[str, ...]:
    """The parts that `find_part` finds in a model, the whole first."""
    return tuple(_specifications(model))


def find_part(model: Model, name: str = WHOLE, *, size: tuple[int, int] | None = None) -> Part:
    """A part of a model, on the CPU, in evaluation mode; the model itself is left as it is.

    Args:
        model: of any family.
        name: `whole`; `encoder` or `decoder` of a model with a code; `analysis` or `synthesis` of a codec.
        size: (H, W) of the images that it is exported at; None takes that of the training.

    Raises:
        UnknownNameError, ContractError: the model has no such part.
        ShapeError, ArgumentError: it does not take images of this size, or takes no images.
    """
    found = _specifications(model)
    if name not in found and name in _OF_CODES:
        raise ContractError(
            f"the {name} is a part of {_OF_CODES[name]}, and {type(model).__name__} is none; leave --part out"
        )
    check_choice("part", name, found)
    shape = _shape(model, size)
    # The tensors that are traced must be those of a CPU, in the precision that every verb computes in.
    own = copy.deepcopy(model).cpu().float().eval().requires_grad_(False)
    chosen = _specifications(own)[name]
    _check_shape(own, shape)
    return Part(
        name=name,
        what=chosen.what,
        model=own,
        function=chosen.function,
        inputs=(chosen.input, *chosen.more_inputs),
        outputs=chosen.outputs,
        draw=lambda count, shape: chosen.draw(draw_examples(own, count, shape)),
        shape=shape,
        other_shape=_other_shape(own, shape),
        is_decided=chosen.is_decided,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Specification:
    """What a part computes, and of what."""

    what: str
    input: Value
    outputs: tuple[Value, ...]
    function: Callable[..., Outputs]
    draw: Callable[[Examples], tuple[Tensor, ...]] = field(default=lambda x: (x,))
    """Inputs of examples of the model."""

    more_inputs: tuple[Value, ...] = ()
    is_decided: Callable[..., Tensor] | None = None


def _specifications(model: Model) -> Mapping[str, _Specification]:
    if isinstance(model, Diffusion):
        return _of_diffusion(model)
    if isinstance(model, Classifier):
        return {WHOLE: _of_classifier(model)}
    if not isinstance(model, Reconstructor):
        raise ContractError(
            f"export needs a model that copies, classifies or diffuses, and {type(model).__name__} does none of these; "
            "keep a contract of copyist.models.contracts"
        )
    x, x_hat = _example("x", model), _example("x_hat", model)
    found = {
        WHOLE: _Specification(
            what="the copy of each example", input=x, outputs=(x_hat,), function=lambda x: (model(x),)
        )
    }
    if isinstance(model, Autoencoder):
        found |= _of_autoencoder(model)
    if isinstance(model, Compressor) and model.is_measured:
        found |= _of_compressor(model)
    return found


def _of_autoencoder(model: Autoencoder) -> dict[str, _Specification]:
    z = Value(name="z", what="codes (B, ...)")
    encoder = _Specification(
        what="the code of each example",
        input=_example("x", model),
        outputs=(z,),
        function=lambda x: (model.encode(x),),
    )
    if isinstance(model, Variational):
        encoder = _Specification(
            what="the Gaussian of each example's code",
            input=_example("x", model),
            outputs=(
                Value(name="mean", what="means (B, ...) of the code's units, which is the code of an autoencoder"),
                Value(name="log_variance", what="natural logarithms (B, ...) of their variances"),
            ),
            function=lambda x: ((found := model.posterior(x)).mean, found.log_variance),
        )
        z = Value(name="z", what="codes (B, ...); of N(0, I), which is their prior, they make samples")
    decoder = _Specification(
        what="what each code stands for",
        input=z,
        outputs=(_example("x_hat", model),),
        function=lambda z: (model.decode(z),),
        draw=lambda x: (model.encode(x),),
    )
    return {"encoder": encoder, "decoder": decoder}


def _of_compressor(model: Compressor) -> dict[str, _Specification]:
    steps = model.rounding_steps  # (num_qualities, M)
    quality = Value(name="quality", what=f"int64 (B,), from 0 to {model.num_qualities - 1}, the larger the better")
    code = Value(name="code", what="codes (B, M, h, w) in steps of their rounding, not rounded; round them to integers")

    def qualities(x: Examples) -> Tensor:
        return torch.arange(len(x)) % model.num_qualities

    def in_pixels(quality: Tensor) -> Tensor:
        return steps[quality][:, :, None, None]

    analysis = _Specification(
        what="the code of each image at a quality",
        input=_example("x", model),
        more_inputs=(quality,),
        outputs=(code,),
        function=lambda x, quality: (model.encode(x) / in_pixels(quality),),
        draw=lambda x: (x, qualities(x)),
    )
    synthesis = _Specification(
        what="the image of each code of a quality",
        input=code,
        more_inputs=(quality,),
        outputs=(_example("x_hat", model),),
        function=lambda code, quality: (model.decode(code * in_pixels(quality)),),
        draw=lambda x: (model.encode(x) / in_pixels(qualities(x)), qualities(x)),
    )
    return {"analysis": analysis, "synthesis": synthesis}


def _of_diffusion(model: Diffusion) -> dict[str, _Specification]:
    space = "images" if model.takes_noisy_images else "standardized codes"
    classes = model.num_classes
    labels = Value(name="labels", what=f"int64 (B,), classes from 0 to {(classes or 0) - 1}; -1 gives none")

    def draw(x: Examples) -> tuple[Tensor, ...]:
        u = model.to_space(x)
        sigma = model.spread * torch.logspace(-2, 1, len(u))
        noisy = u + sigma[:, None, None, None] * torch.randn(u.shape, generator=generator(0, "export", len(u)))
        return (noisy, sigma) if classes is None else (noisy, sigma, torch.arange(len(u)) % (classes + 1) - 1)

    denoiser = _Specification(
        what=f"the estimate of clean {space} given the level of their noise",
        input=Value(
            name="x",
            what=f"noisy {space} (B, C, H, W), whose mean is {model.center:g} and standard deviation {model.spread:g} "
            "without noise",
        ),
        more_inputs=(
            Value(name="sigma", what="float32 (B,), standard deviations of the noise, in the units of x"),
            *(() if classes is None else (labels,)),
        ),
        outputs=(Value(name="x_hat", what=f"clean {space} (B, C, H, W)"),),
        function=lambda x, sigma, labels=None: (model(x, sigma, labels),),
        draw=draw,
    )
    if model.takes_noisy_images or model.lacks_first_stage:
        return {WHOLE: denoiser}
    images = Value(name="x", what="images (B, C, H, W) in [0, 1]")
    codes = Value(name="z", what="codes (B, c, h, w), standardized, as the denoiser takes them")
    encoder = _Specification(
        what="the code of each image", input=images, outputs=(codes,), function=lambda x: (model.to_space(x),)
    )
    decoder = _Specification(
        what="the image of each code",
        input=codes,
        outputs=(Value(name="x_hat", what=images.what),),
        function=lambda z: (model.from_space(z),),
        draw=lambda x: (model.to_space(x),),
    )
    return {WHOLE: denoiser, "encoder": encoder, "decoder": decoder}


def _of_classifier(model: Classifier) -> _Specification:
    def is_decided(outputs: Outputs) -> Tensor:
        best = outputs[0].topk(min(2, outputs[0].shape[1]), dim=1).values
        return (
            (best[:, 0] - best[:, -1]) > 1e-3 * outputs[0].abs().max() if best.shape[1] > 1 else best[:, 0] > -math.inf
        )

    def classify(x: Examples) -> Outputs:
        logits = model(x)
        return logits, logits.argmax(1)

    return _Specification(
        what="the class of each image",
        input=_example("x", model),
        outputs=(
            Value(name="logits", what="(B, K), whose softmax are the probabilities of the classes"),
            Value(name="label", what="int64 (B,), the number of the likeliest class", is_decision=True),
        ),
        function=classify,
        is_decided=is_decided,
    )


def _example(name: str, model: Model) -> Value:
    if model.takes_tables:
        return Value(name=name, what=f"rows (B, {model.num_columns}) of the table, in its own units")
    return Value(name=name, what="images (B, C, H, W) in [0, 1], which noise may leave")


def _shape(model: Model, size: tuple[int, int] | None) -> tuple[int, ...]:
    """Of the example that is exported at."""
    known = model.example_shape
    if size is not None:
        if model.takes_tables:
            raise ArgumentError(
                f"a size is that of images, got {size[0]}x{size[1]} for a model of tables; leave it out"
            )
        channels = known[0] if known is not None else _channels(model)
        return (channels, *size)
    if known is not None:
        return known
    if model.image_size is not None:
        return (_channels(model), *model.image_size)
    side = _OWN_SIDE * model.size_multiple
    return (_channels(model), side, side)


def _channels(model: Model) -> int:
    found = getattr(model.config, "channels", None)
    if not isinstance(found, int):
        raise ArgumentError(
            "a model is exported at the shape of its training, and it does not say of what images; "
            "train it, or set its trained_on"
        )
    return found


def _check_shape(model: Model, shape: tuple[int, ...]) -> None:
    """Refuse a shape of examples that the model, or its first stage, does not take.

    Raises:
        ShapeError: in the model's own sentence.
    """
    if isinstance(model, Diffusion):
        model.check_batch(torch.zeros(1, *model.space_shape(shape)))
    else:
        model.check_batch(draw_examples(model, 1, shape))


def _other_shape(model: Model, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """A shape of larger images with unlike sides, where the model takes them."""
    if len(shape) != 3 or model.image_size is not None:
        return None
    other = (shape[0], shape[1] + 2 * model.size_multiple, shape[2] + model.size_multiple)
    try:
        _check_shape(model, other)
    except ArgumentError:
        return None
    return other
