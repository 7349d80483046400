"""The best of all denoisers where the data are finitely many: the mean of the images that may have been there."""

__all__ = ["posterior_mean"]

import torch

from copyist.checks import check_examples, check_positive
from copyist.errors import ShapeError
from copyist.tensors import Images

MAX_DISTANCES = 2**24
"""At most so many distances are held at once."""


@torch.no_grad()
def posterior_mean(x_tilde: Images, data: Images, *, sigma: float) -> Images:
    """E[x | x̃] for x drawn evenly from a finite set and x̃ = x + N(0, σ²).

        Σᵢ wᵢ·xᵢ with wᵢ proportional to exp(−‖x̃ − xᵢ‖² / 2σ²)

    Its residual over σ² is the score of the set blurred by that noise, exactly. A model trained to denoise the set can
    do no better on it.

    Args:
        x_tilde: noisy examples (B, ...); values may leave [0, 1].
        data: the set (N, ...), as large each.
        sigma: standard deviation of the noise, in units of pixel value.

    Returns:
        Examples (B, ...) in the hull of the set.

    Raises:
        ShapeError: the examples differ in shape from those of the set.
        ArgumentError: `sigma` is not greater than 0.

    Source:
        Miyasawa (1961); Vincent (2011), equation 9, for the density.
    """
    check_examples(x_tilde)
    check_examples(data, name="data")
    check_positive("sigma", sigma)
    if x_tilde.shape[1:] != data.shape[1:]:
        raise ShapeError(
            f"examples must have the shape of the data's, got {tuple(x_tilde.shape[1:])} and {tuple(data.shape[1:])}"
        )
    points = data.to(x_tilde).flatten(1)  # (N, D)
    rows = max(1, MAX_DISTANCES // len(points))
    means = [_mean(part, points, sigma) for part in x_tilde.flatten(1).split(rows)]
    return torch.cat(means).reshape(x_tilde.shape)


def _mean(x_tilde: torch.Tensor, points: torch.Tensor, sigma: float) -> torch.Tensor:
    # Distances by differences: a small σ magnifies the rounding of products.
    distances = torch.cdist(x_tilde, points, compute_mode="donot_use_mm_for_euclid_dist")  # (B, N)
    return torch.softmax(-distances.square() / (2 * sigma**2), dim=1) @ points
