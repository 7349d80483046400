"""Estimates of a Jacobian's norms from one backward pass with random weights."""

__all__ = ["probed_column_norms", "probed_energy"]

import math

import torch
from torch import Tensor

from copyist.errors import ContractError
from copyist.randomness import draw_below, draw_normal
from copyist.tensors import PerImage


def probed_energy(y: Tensor, x: Tensor, *, generator: torch.Generator) -> PerImage:
    """Estimate ‖∂y/∂x‖²_F per example by Hutchinson's estimator, ‖vᵀ ∂y/∂x‖² with v = ±1 at random.

    Its mean over v is the norm, and its variance 2·Σᵢ≠ⱼ (J·Jᵀ)²ᵢⱼ. Where examples of a batch depend on one another, as
    with batch statistics, that of example b is the norm of ∂y/∂x_b for all y of the batch together. It can be
    differentiated again.

    Args:
        y: outputs (B, ...), computed from `x` with gradients on.
        x: inputs (B, ...), which require gradients.
        generator: where v comes from.

    Returns:
        (B,), float32, at least 0.

    Raises:
        ContractError: `y` does not depend on `x` by anything that can be differentiated.

    Source:
        Hutchinson (1990), "A stochastic estimator of the trace of the influence matrix".
    """
    coins = draw_below(2, y.shape, generator=generator)
    signs = (2 * coins - 1).to(device=y.device, dtype=y.dtype)
    return _weighted_gradient(y, x, signs).float().flatten(1).square().sum(1)


def probed_column_norms(y: Tensor, z: Tensor, *, generator: torch.Generator) -> Tensor:
    """Estimate ‖∂y/∂zᵢ‖ for every unit and example: the norm of each unit's column of the Jacobian.

        √(π/2) · |vᵀ ∂y/∂zᵢ| with v ~ N(0, I)

    As vᵀ∂y/∂zᵢ is normal, with that norm as its standard deviation, the estimate is right in the mean; one is off by
    √(π/2 − 1), about 76 %. It can be differentiated again.

    Args:
        y: outputs (B, ...), computed from `z` with gradients on.
        z: codes (B, ...), which require gradients.
        generator: where v comes from.

    Returns:
        As `z`, float32, at least 0.

    Raises:
        ContractError: `y` does not depend on `z` by anything that can be differentiated.
    """
    v = draw_normal(y.shape, generator=generator, like=y)
    return math.sqrt(math.pi / 2) * _weighted_gradient(y, z, v).float().abs()


def _weighted_gradient(y: Tensor, x: Tensor, weights: Tensor) -> Tensor:
    if not y.requires_grad:
        raise ContractError("the output must let gradients through, and has none; compute it with gradients on")
    (gradient,) = torch.autograd.grad(y, x, weights, create_graph=True, materialize_grads=True)
    return gradient
