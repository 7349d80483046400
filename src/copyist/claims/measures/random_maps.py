"""Random linear maps that cannot be inverted, and what descent finds when it inverts them all the same."""

__all__ = [
    "WeightLaw",
    "WrittenAndMissed",
    "descend_linear",
    "draw_weights",
    "end_of_descent",
    "heavy_tailed",
    "noise_added",
    "row_space",
    "written_and_missed",
]

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

import torch
from torch import Tensor

from copyist.checks import check_same_examples
from copyist.metrics.residuals import ResidualLaw, residual_law
from copyist.tensors import Examples, PerImage

WeightLaw: TypeAlias = Literal["normal", "uniform", "heavy-tailed", "every-fourth"]
"""Independent entries from N(0, 1), from U(−1, 1), from Student's t with 1.1 degrees of freedom; or pixels kept."""

HEAVY_DEGREES = 1.1
"""Of freedom: there is a mean, and no variance."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class WrittenAndMissed:
    """The laws of what an inversion did to its start, each beside truly normal values of the same shape.

    For a random projection onto m of n dimensions, r = m/n, and differences a − x₀ of independent values with the
    excess kurtosis κ, that of what was written is r²·κ, that of what was missed (1 − r)²·κ, and that of the noise 0.
    """

    wrote: ResidualLaw
    """Of x̂ − x₀, what the map wrote into its start x₀."""

    missed: ResidualLaw
    """Of x̂ − a, what it left out of the image a: it holds the start and the image, whatever the map."""

    noise: ResidualLaw
    """Of the noise that was added, see `noise_added`: free of the start's law and of the image's."""

    normal: ResidualLaw
    """Of N(0, 1), as many values of as many examples: the floor of the three distances."""

    share: PerImage
    """(B,), the multiple of a − x₀ that was written: m/n for a random projection."""

    noise_size: PerImage
    """(B,), root mean square of the noise over that of a − x₀: √(r(1 − r)) for a random projection."""

    @property
    def excess_distance(self) -> float:
        """Mean distance of the noise from the normal law, less that of truly normal values; about 0 where it is."""
        return self.noise.distance_interval.mean - self.normal.distance_interval.mean


def written_and_missed(
    x_hat: Examples, *, start: Examples, a: Examples, generator: torch.Generator, num_resamples: int = 2000
) -> WrittenAndMissed:
    """Separate what an inversion wrote from what it missed, and ask for the law of each.

    Args:
        x_hat: inverses (B, ...), of at least 8 values each.
        start: where the descents began, of the same shape.
        a: the images whose representations were inverted.
        generator: of the normal values, and of the examples that are drawn again for the intervals.
        num_resamples: how often, at least 100.

    Raises:
        ShapeError: the shapes differ, or there are fewer than 8 values each.
        ArgumentError: `num_resamples` is below 100.
    """
    check_same_examples(x_hat, a)
    check_same_examples(x_hat, start)
    found, begun, image = (each.detach().flatten(1).double() for each in (x_hat, start, a))
    wrote, difference = found - begun, image - begun
    noise = noise_added(wrote, difference)
    normal = torch.randn(wrote.shape, generator=generator, dtype=wrote.dtype, device=generator.device)

    def law(residual: Tensor) -> ResidualLaw:
        return residual_law(residual, generator=generator, num_resamples=num_resamples)

    squares = difference.square().sum(1)
    return WrittenAndMissed(
        wrote=law(wrote),
        missed=law(found - image),
        noise=law(noise),
        normal=law(normal),
        share=(wrote * difference).sum(1) / squares,
        noise_size=(noise.square().sum(1) / squares).sqrt(),
    )


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
