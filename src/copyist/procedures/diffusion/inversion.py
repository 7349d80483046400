"""Images as the noise that a diffusion model would make them of."""

__all__ = ["invert_flow"]

import torch

from copyist.errors import ContractError
from copyist.float32 import full_float32
from copyist.models.contracts import Diffusion, Model, check_answer, needs, take_batch
from copyist.models.in_batches import in_batches
from copyist.procedures.diffusion.conditions import Conditions
from copyist.procedures.diffusion.heun import Heun
from copyist.procedures.diffusion.solver import DiffusionMethod
from copyist.tensors import Codes, ExamplesLike


@torch.no_grad()
def invert_flow(
    model: Model, x: ExamplesLike, *, method: DiffusionMethod | None = None, batch_size: int | None = None
) -> Codes:
    """The noise, of unit variance for typical images, that the probability flow upward makes of images.

        z = x(σ₀) / √(1 + σ₀²),  x(σ₀) at the end of the flow from x, in units of the spread around the center

    The same method leads back from there: what differs after both ways shrinks with the steps, by its order. That way
    is `sample` with `Conditions(like=x, strength=1, deterministic=True)`.

    Args:
        model: a diffusion model.
        x: images (B, C, H, W), of any kind that verbs take (`ExamplesLike`).
        method: a sampler that draws no noise, with its steps; None is Heun's.
        batch_size: images per batch; None takes the model's own.

    Returns:
        z (B, ...), in the shape of the model's space.

    Raises:
        ContractError: it is no diffusion model, or the method draws noise.
        ShapeError: the model does not take images of this shape.
        ArgumentError: `x` holds values that no images have, or `batch_size` is less than 1.

    Source:
        Song et al. (2020), "Denoising Diffusion Implicit Models", section 4.3.
    """
    diffusion = needs(model, Diffusion, verb="the flow from images to noise")
    chosen = Heun() if method is None else method
    if chosen.order is None:
        raise ContractError(
            f"the flow from images to noise has no way by {type(chosen).__name__}, which draws noise; take dpm-solver, "
            "heun or euler"
        )
    images = take_batch(torch.nn.Identity(), x)
    chosen.check(diffusion, tuple(images.shape[1:]))
    like = next((weight.detach() for weight in diffusion.parameters()), images)[:0]
    task = Conditions(like=images, strength=1, deterministic=True).on(diffusion, tuple(images.shape[1:]))
    problem = task.problem(
        range(len(images)),
        apply=lambda part, given: in_batches(diffusion, part, given, batch_size=batch_size),
        like=like,
    )
    sigmas = chosen.sigmas(diffusion)
    with full_float32():
        return check_answer(chosen.ascend(problem, sigmas) / (1 + sigmas[0] ** 2) ** 0.5)
