"""Random linear maps that cannot be inverted, and what descent finds when it inverts them all the same."""

__all__ = ["WeightLaw", "descend_linear", "draw_weights", "end_of_descent", "heavy_tailed", "noise_added", "row_space"]

import math
from typing import Literal, TypeAlias

import torch
from torch import Tensor

WeightLaw: TypeAlias = Literal["normal", "uniform", "heavy-tailed", "every-fourth"]
"""Independent entries from N(0, 1), from U(−1, 1), from Student's t with 1.1 degrees of freedom; or pixels kept."""

HEAVY_DEGREES = 1.1
"""Of freedom: there is a mean, and no variance."""


def draw_weights(law: WeightLaw, *, outputs: int, inputs: int, generator: torch.Generator) -> Tensor:
    """A matrix (outputs, inputs), float32; `every-fourth` keeps as many values as it has outputs, equally far apart."""
    shape = (outputs, inputs)
    if law == "normal":
        return torch.randn(shape, generator=generator)
    if law == "uniform":
        return 2 * torch.rand(shape, generator=generator) - 1
    if law == "every-fourth":
        return torch.eye(inputs)[:: inputs // outputs][:outputs]
    return heavy_tailed(shape, generator=generator, degrees=HEAVY_DEGREES)


def heavy_tailed(shape: tuple[int, ...], *, generator: torch.Generator, degrees: float) -> Tensor:
    """Student's t by Bailey's polar method, which needs uniform numbers only.

    Source:
        Bailey (1994), "Polar generation of random variates with the t-distribution".
    """
    radius = 1 - torch.rand(shape, generator=generator, dtype=torch.float64)  # in (0, 1]
    angle = 2 * math.pi * torch.rand(shape, generator=generator, dtype=torch.float64)
    return ((degrees * (radius.pow(-2 / degrees) - 1)).sqrt() * angle.cos()).float()


def row_space(weight: Tensor) -> Tensor:
    """An orthonormal basis (inputs, outputs) of the rows of a matrix (outputs, inputs) of full rank."""
    # Rows of unequal size, as those with heavy tails are, would lose digits to one another.
    rows = weight / weight.norm(dim=1, keepdim=True)
    return torch.linalg.qr(rows.T).Q


def end_of_descent(basis: Tensor, a: Tensor, start: Tensor) -> Tensor:
    """Where a converged descent on any function of W·x − W·a ends: x̂ = P·a + (1 − P)·x₀, (B, inputs)."""
    return start + (a - start) @ basis @ basis.T


def descend_linear(weight: Tensor, a: Tensor, start: Tensor, *, steps: int) -> Tensor:
    """Where gradient descent on ‖W·x − W·a‖² / 2 is after so many steps of the inverse of its curvature."""
    step = 1 / torch.linalg.matrix_norm(weight, 2).square()
    x = start.clone()
    for _ in range(steps):
        x = x - step * (x - a) @ weight.T @ weight
    return x


def noise_added(written: Tensor, difference: Tensor) -> Tensor:
    """What was written x̂ − x₀ (B, inputs) less the multiple of a − x₀ that fits it best, image by image.

    A random projection onto m of n dimensions writes the share m/n of the image itself, and the rest is what looks like
    noise. What was missed, x̂ − a, holds the same noise on another multiple.
    """
    share = (written * difference).sum(1, keepdim=True) / difference.square().sum(1, keepdim=True)
    return written - share * difference
