"""What each family of models computes that can leave PyTorch, by what its contract says that it can do."""

__all__ = ["WHOLE", "Specification", "specifications"]

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import torch
from torch import Tensor

from copyist.errors import ContractError
from copyist.export.part import Value
from copyist.models.contracts import Autoencoder, Classifier, Compressor, Diffusion, Model, Reconstructor, Variational
from copyist.randomness import generator
from copyist.tensors import Examples

WHOLE = "whole"
"""The part that is the model."""

Outputs: TypeAlias = tuple[Tensor, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Specification:
    """What a part computes, and of what."""

    what: str
    input: Value
    outputs: tuple[Value, ...]
    function: Callable[..., Outputs]
    draw: Callable[[Examples], tuple[Tensor, ...]] = field(default=lambda x: (x,))
    """Inputs of examples of the model."""

    more_inputs: tuple[Value, ...] = ()
    is_decided: Callable[..., Tensor] | None = None


def specifications(model: Model) -> Mapping[str, Specification]:
    """What each part of a model computes, by its name, the whole first.

    Raises:
        ContractError: the model keeps no contract that says what it computes.
    """
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
        WHOLE: Specification(what="the copy of each example", input=x, outputs=(x_hat,), function=lambda x: (model(x),))
    }
    if isinstance(model, Autoencoder):
        found |= _of_autoencoder(model)
    if isinstance(model, Compressor) and model.is_measured:
        found |= _of_compressor(model)
    return found


def _of_autoencoder(model: Autoencoder) -> dict[str, Specification]:
    z = Value(name="z", what="codes (B, ...)")
    encoder = Specification(
        what="the code of each example",
        input=_example("x", model),
        outputs=(z,),
        function=lambda x: (model.encode(x),),
    )
    if isinstance(model, Variational):
        encoder = Specification(
            what="the Gaussian of each example's code",
            input=_example("x", model),
            outputs=(
                Value(name="mean", what="means (B, ...) of the code's units, which is the code of an autoencoder"),
                Value(name="log_variance", what="natural logarithms (B, ...) of their variances"),
            ),
            function=lambda x: ((found := model.posterior(x)).mean, found.log_variance),
        )
        z = Value(name="z", what="codes (B, ...); of N(0, I), which is their prior, they make samples")
    decoder = Specification(
        what="what each code stands for",
        input=z,
        outputs=(_example("x_hat", model),),
        function=lambda z: (model.decode(z),),
        draw=lambda x: (model.encode(x),),
    )
    return {"encoder": encoder, "decoder": decoder}


def _of_compressor(model: Compressor) -> dict[str, Specification]:
    steps = model.rounding_steps  # (num_qualities, M)
    quality = Value(name="quality", what=f"int64 (B,), from 0 to {model.num_qualities - 1}, the larger the better")
    code = Value(name="code", what="codes (B, M, h, w) in steps of their rounding, not rounded; round them to integers")

    def qualities(x: Examples) -> Tensor:
        return torch.arange(len(x)) % model.num_qualities

    def in_pixels(quality: Tensor) -> Tensor:
        return steps[quality][:, :, None, None]

    analysis = Specification(
        what="the code of each image at a quality",
        input=_example("x", model),
        more_inputs=(quality,),
        outputs=(code,),
        function=lambda x, quality: (model.encode(x) / in_pixels(quality),),
        draw=lambda x: (x, qualities(x)),
    )
    synthesis = Specification(
        what="the image of each code of a quality",
        input=code,
        more_inputs=(quality,),
        outputs=(_example("x_hat", model),),
        function=lambda code, quality: (model.decode(code * in_pixels(quality)),),
        draw=lambda x: (model.encode(x) / in_pixels(qualities(x)), qualities(x)),
    )
    return {"analysis": analysis, "synthesis": synthesis}


def _of_diffusion(model: Diffusion) -> dict[str, Specification]:
    space = "images" if model.takes_noisy_images else "standardized codes"
    classes = model.num_classes
    labels = Value(name="labels", what=f"int64 (B,), classes from 0 to {(classes or 0) - 1}; -1 gives none")

    def draw(x: Examples) -> tuple[Tensor, ...]:
        u = model.to_space(x)
        sigma = model.spread * torch.logspace(-2, 1, len(u))
        noisy = u + sigma[:, None, None, None] * torch.randn(u.shape, generator=generator(0, "export", len(u)))
        return (noisy, sigma) if classes is None else (noisy, sigma, torch.arange(len(u)) % (classes + 1) - 1)

    denoiser = Specification(
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
    encoder = Specification(
        what="the code of each image", input=images, outputs=(codes,), function=lambda x: (model.to_space(x),)
    )
    decoder = Specification(
        what="the image of each code",
        input=codes,
        outputs=(Value(name="x_hat", what=images.what),),
        function=lambda z: (model.from_space(z),),
        draw=lambda x: (model.to_space(x),),
    )
    return {WHOLE: denoiser, "encoder": encoder, "decoder": decoder}


def _of_classifier(model: Classifier) -> Specification:
    def is_decided(outputs: Outputs) -> Tensor:
        best = outputs[0].topk(min(2, outputs[0].shape[1]), dim=1).values
        return (
            (best[:, 0] - best[:, -1]) > 1e-3 * outputs[0].abs().max() if best.shape[1] > 1 else best[:, 0] > -math.inf
        )

    def classify(x: Examples) -> Outputs:
        logits = model(x)
        return logits, logits.argmax(1)

    return Specification(
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
