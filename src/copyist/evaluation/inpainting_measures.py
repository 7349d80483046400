"""Measuring how far inpainting in codes moves what it is to keep."""

__all__ = ["inpainting_measures", "inpainting_table"]

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from copyist.data.splits import Splits
from copyist.evaluation.inpainting_table import InpaintingMeasures, InpaintingTable
from copyist.float32 import full_float32
from copyist.models.contracts import Diffusion
from copyist.models.in_batches import in_batches
from copyist.procedures.diffusion import Conditions, DiffusionMethod, DPMSolver
from copyist.procedures.diffusion.conditions import leaves_codes
from copyist.procedures.sizes import device_of
from copyist.randomness import generator
from copyist.tensors import Images

_MOST = 16
"""Each takes four times the steps of another sample, so that more would take most of the time."""


def inpainting_table(
    models: Mapping[str, Diffusion], splits: Splits, *, num_images: int, batch_size: int | None = None, seed: int = 0
) -> InpaintingTable:
    """Inpaint the middle of test images.

    Args:
        models: by name; those whose codes are so few that none is of the border alone are left out.
        splits: whose test images are inpainted.
        num_images: at most so many, and never more than 16.
        batch_size: images per batch; None takes each model's own.
        seed: of the noise.

    Raises:
        ShapeError: a model does not take the images.
        ContractError: what a model gives is not finite.
    """
    x = splits.test.subset(min(num_images, _MOST)).images()
    height, width = x.shape[2:]
    visible = torch.ones(height, width, dtype=torch.bool)
    visible[height // 4 : height - height // 4, width // 4 : width - width // 4] = False
    measured = {
        name: inpainting_measures(model, x, visible, batch_size=batch_size, seed=seed)
        for name, model in models.items()
        if leaves_codes(visible[None], model.space_shape(tuple(x.shape[1:])))
    }
    return InpaintingTable(num_images=len(x), models=measured)


@torch.no_grad()
@full_float32()
def inpainting_measures(
    model: Diffusion,
    x: Images,
    visible: Tensor,
    *,
    method: DiffusionMethod | None = None,
    batch_size: int | None = None,
    seed: int = 0,
) -> InpaintingMeasures:
    """Inpaint images, and compare what comes of the kept pixels with the images, before these are laid over it.

    Args:
        model: in whose space it is done.
        x: images (N, C, H, W).
        visible: (H, W), bool: True is a pixel that is kept.
        method: the sampler; None is the default one.
        batch_size: images per batch; None takes the model's own.
        seed: of the noise.

    Raises:
        ShapeError: the model does not take the images, or the mask has another size.
        ArgumentError: all or nothing is visible, or no code is of visible pixels alone.
        ContractError: what the model gives is not finite.
    """
    device = device_of(model)
    x, visible = x.to(device), visible.to(device)
    method = DPMSolver() if method is None else method
    shape = tuple(x.shape[1:])
    method.check(model, shape)

    def apply(part: Callable[[Tensor], Tensor], rows: Tensor) -> Tensor:
        return in_batches(model, part, rows, batch_size=batch_size).float()

    task = Conditions(like=x, visible=visible).on(model, shape)
    draws = generator(seed, "inpainting")
    *_, z = method(model, x.shape, apply=apply, generator=draws, like=x.new_empty(0), task=task)
    copies, made = (apply(model.from_space, each) for each in (apply(model.to_space, x), z))
    return InpaintingMeasures(copied=_rms((copies - x)[..., visible]), moved=_rms((made - x)[..., visible]))


def _rms(difference: Tensor) -> float:
    return float(difference.square().mean().sqrt())
