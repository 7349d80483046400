"""The probability flow upward: from an image to the noise that a sampler would make it of."""

__all__ = ["ascend"]

from collections.abc import Sequence

from torch import Tensor

from copyist.models.contracts import Path
from copyist.procedures.diffusion.states import Denoise, Solver


def ascend(
    solver: Solver, denoise: Denoise, x: Tensor, sigmas: Sequence[float], *, path: Path, order: int = 2
) -> Tensor:
    """Follow the probability flow from level 0 up to the first level.

    At level 0 the velocity has the limit 0 in x + σ·ε, so that Euler's step from there to σ leaves x; and Heun's, which
    begins a way up of second order, is

        x ← x + (x − D(x; σ)) / (2·scale),  scale = 1, or 1 / (1 + σ) on the straight path

    Args:
        solver: that follows the flow from level to level, such as `euler`.
        denoise: D.
        x: clean examples (B, ...), in units of the data's spread around its center.
        sigmas: σ₀ > … > σ_N = 0, in these units, which are gone through from the last to the first.
        path: in whose time Heun's step is taken.
        order: 1 or 2, of the solver.

    Returns:
        Noisy examples (B, ...) of level σ₀.

    Source:
        Song et al. (2020), "Denoising Diffusion Implicit Models", section 4.3; Karras et al. (2022), algorithm 1.
    """
    first, *_ = ascending = tuple(reversed(sigmas[:-1]))
    if order == 2:
        x = x + (x - denoise(x, first)) / 2 * (1 if path == "exploding" else 1 + first)
    for state in solver(denoise, x, ascending):
        x = state.x
    return x
