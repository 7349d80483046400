"""Sensitivity of a map along the data's manifold and across it."""

__all__ = ["ManifoldSensitivity", "manifold_sensitivity"]

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor
from torch.autograd.functional import jvp

from copyist.checks import check_examples, check_whole
from copyist.errors import ShapeError
from copyist.tensors import Images, PerImage


@dataclass(frozen=True, kw_only=True, eq=False)
class ManifoldSensitivity:
    """How far the answer moves per unit length that the image moves: root mean squares over directions."""

    tangent: PerImage
    """(B,), over all directions along the manifold: √(‖J·T‖²_F / K) for K orthonormal tangents T."""

    normal: PerImage
    """(B,), over directions orthogonal to it."""

    @property
    def ratio(self) -> float:
        """Root mean squares over the images too, tangent over normal: 1 for a map that treats all directions alike."""
        return float(self.tangent.square().mean().sqrt() / self.normal.square().mean().sqrt())


@torch.no_grad()
def manifold_sensitivity(
    function: Callable[[Images], Tensor],
    x: Images,
    tangents: Tensor,
    *,
    normals: Tensor | int = 64,
    generator: torch.Generator | None = None,
) -> ManifoldSensitivity:
    """Differentiate a map along the manifold at each image, and across it.

    All images of a batch move at once, which matters only where they depend on one another.

    Args:
        function: the map, from (B, ...) to (B, ...).
        x: examples (B, ...).
        tangents: directions along the manifold (B, K, ...), of any length and angle, but not all in fewer dimensions.
        normals: how many random directions across it, or directions (B, M, ...) whose part along the manifold is taken
            away first.
        generator: of random directions.

    Raises:
        ShapeError: `x` is not (B, ...), or directions are not of its shape.
        ArgumentError: fewer than 1 random direction is asked for.
    """
    check_examples(x)
    if isinstance(normals, int):
        check_whole("normals", normals, 1)
        source = generator if generator is not None else torch.Generator().manual_seed(0)
        drawn = torch.randn((len(x), normals, *x.shape[1:]), generator=source, device=source.device)
        normals = drawn.to(x)
    for directions in (tangents, normals):
        if directions.ndim != x.ndim + 1 or (len(directions), *directions.shape[2:]) != tuple(x.shape):
            raise ShapeError(
                f"directions must have shape (B, K, ...) for examples {tuple(x.shape)}, got {tuple(directions.shape)}"
            )
    basis = torch.linalg.qr(tangents.flatten(2).transpose(1, 2)).Q.transpose(1, 2)  # (B, K, D)
    across = normals.flatten(2)
    across = across - (across @ basis.transpose(1, 2)) @ basis
    across = torch.nn.functional.normalize(across, dim=2)
    return ManifoldSensitivity(
        tangent=_directional_gain(function, x, basis), normal=_directional_gain(function, x, across)
    )


def _directional_gain(function: Callable[[Images], Tensor], x: Images, directions: Tensor) -> PerImage:
    """√ of the mean over directions (B, K, D) of ‖J·u‖², (B,)."""
    total = torch.zeros(len(x), device=x.device)
    for direction in directions.unbind(1):
        change = cast("Tensor", jvp(function, x, direction.reshape(x.shape))[1])
        total += change.float().flatten(1).square().sum(1)
    return (total / directions.shape[1]).sqrt()
