"""How near a map is to the identity: the share of a small noise that it passes on."""

__all__ = ["projected_gain"]

from collections.abc import Callable

import torch

from copyist.checks import check_examples, check_positive, check_same_examples
from copyist.randomness import draw_normal
from copyist.tensors import Images, PerImage


@torch.no_grad()
def projected_gain(
    function: Callable[[Images], Images], x: Images, *, sigma: float, generator: torch.Generator
) -> PerImage:
    """Measure how much of a zero-mean noise δ ~ N(0, σ²) a map passes on, along δ itself.

        ⟨O(x + δ) − O(x), δ⟩ / ‖δ‖²

    It is 1 for the identity and 0 for a map that ignores all noise. For a linear map A of n values its mean over δ is
    tr(A) / n, for any map and small σ the trace of the Jacobian over n: the mean share of each value that comes from
    that value of the input.

    Args:
        function: the map O, called once on `x` and once on `x` + δ, both (B, ...); where batches matter, it divides
            them as its caller decided.
        x: examples (B, ...).
        sigma: standard deviation of δ, in units of pixel value.
        generator: where δ comes from.

    Returns:
        (B,), mostly in [0, 1]; an image of n values is off the mean by about 1/√n.

    Raises:
        ShapeError: `x` is not (B, ...), or the map changes its shape.
        ArgumentError: `sigma` is not greater than 0.
    """
    check_examples(x)
    check_positive("sigma", sigma)
    delta = draw_normal(x.shape, std=sigma, generator=generator, like=x)
    x_hat = function(x)
    check_same_examples(x_hat, x)
    response = (function(x + delta) - x_hat).flatten(1)
    delta = delta.flatten(1)
    return (response * delta).sum(1) / delta.square().sum(1)
