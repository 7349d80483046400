"""Images between neighbors: what a code half-way between two nearest codes decodes to."""

__all__ = ["between_neighbors"]

import torch
from torch import Tensor

from copyist.checks import check_within
from copyist.errors import ArgumentError
from copyist.float32 import full_float32
from copyist.models.contracts import Autoencoder, check_answer, needs, take_batch
from copyist.models.in_batches import in_batches
from copyist.tensors import ExamplesLike, Images

_CHUNK = 256
"""Codes whose distances to all others are computed at once."""


@torch.no_grad()
def between_neighbors(
    model: Autoencoder, x: ExamplesLike, *, share: float = 0.5, batch_size: int | None = None
) -> Images:
    """Decode, for each image, a code between its own and the nearest other image's.

        x̂ = D((1 − share)·E(x) + share·E(y)),  y the other image whose code is nearest to E(x)

    Their Fréchet distance to the images themselves is the interpolated FD, which foretells how well a diffusion model
    of the codes generates, where the distance of plain copies does not: a code is to be dense between its images.

    Args:
        model: one with a code of numbers.
        x: images (N, C, H, W), at least two.
        share: of the neighbor, in [0, 1]; with 0 these are the copies.
        batch_size: images per batch, which decides the answer of a model that uses batch statistics; None takes the
            model's own.

    Returns:
        Images (N, C, H, W) on the model's device; values may leave [0, 1] a little.

    Raises:
        ContractError: the model has no code, or gives values that are not finite.
        ShapeError: the model does not take the images.
        ArgumentError: there is one image only, or a number is out of its range.

    Source:
        Xu et al. (2026), "Making Reconstruction FID Predictive of Diffusion Generation FID", arXiv 2603.05630.
    """
    coder = needs(model, Autoencoder, verb="interpolation between neighbors")
    check_within("share", share, 0, 1)
    images = take_batch(coder, x)
    if len(images) < 2:
        raise ArgumentError(f"neighbors must be among at least 2 images, got {len(images)}; give more")
    with full_float32():
        z = in_batches(coder, coder.encode, images, batch_size=batch_size).float()
        mixed = torch.lerp(z, z[_nearest_others(z.flatten(1))], share)
        return check_answer(in_batches(coder, coder.decode, mixed, batch_size=batch_size).float())


def _nearest_others(rows: Tensor) -> Tensor:
    """The index of the nearest other row of each, (N,)."""
    found: list[Tensor] = []
    for begin in range(0, len(rows), _CHUNK):
        distances = torch.cdist(rows[begin : begin + _CHUNK], rows)
        own = torch.arange(len(distances), device=rows.device)
        distances[own, begin + own] = torch.inf
        found.append(distances.argmin(1))
    return torch.cat(found)
