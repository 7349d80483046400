"""A check, before half precision is used, that a diffusion model's estimates stand it."""

__all__ = ["check_precision"]

import torch

from copyist.devices import Precision, autocast, resolve
from copyist.errors import ContractError
from copyist.float32 import full_float32
from copyist.models.contracts import Diffusion
from copyist.models.in_batches import evaluation_mode
from copyist.procedures.diffusion.noise import ExampleNoise
from copyist.procedures.sizes import device_of

_LEVELS = (0.1, 1.0, 10.0)
"""Noise levels at which estimates are compared, in units of the spread."""

_FAR = 0.05
"""How far estimates may lie apart, as a root mean square in units of the spread: of images three gray levels of 255."""


@torch.no_grad()
def check_precision(model: Diffusion, shape: tuple[int, ...], precision: Precision) -> Precision:
    """The precision that a model is to compute in: `bf16` only if its estimates are finite and near those in float32.

    Args:
        model: to sample from.
        shape: (C, H, W) of one image.
        precision: as requested; `auto` becomes `float32` where half precision does not do.

    Raises:
        ContractError: bf16 was requested, and does not do.
    """
    device = device_of(model)
    if resolve(precision, device) != "bf16":
        return "float32"
    noise = ExampleNoise(0, range(2))
    farthest = 0.0
    for level in _LEVELS:
        epsilon = noise(torch.empty(2, *model.space_shape(shape), device=device))
        x = model.center + model.spread * (1 + level**2) ** 0.5 * epsilon
        sigma = torch.full((2,), level * model.spread, device=device)
        with evaluation_mode(model):
            with full_float32():
                full = model(x, sigma)
            with autocast("bf16", device):
                half = model(x, sigma).float()
        apart = float((half - full).square().mean().sqrt()) / model.spread
        # A maximum would pass over what is no number.
        farthest = apart if not apart <= farthest else farthest
    if farthest <= _FAR:
        return "bf16"
    if precision == "auto":
        return "float32"
    raise ContractError(
        f"estimates in bf16 must lie within {_FAR:g} spreads of those in float32, got {farthest:.2g}; take "
        "float32 (--precision float32)"
    )
