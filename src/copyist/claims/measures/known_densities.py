"""Data whose density is known, and models trained on draws that never repeat."""

__all__ = ["Mixture", "circle", "circle_tangents", "gaussian_denoiser", "trained_on_draws"]

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from copyist.claims.trial import Trial
from copyist.models.contracts import Reconstructor, needs
from copyist.procedures import posterior_mean
from copyist.randomness import draw_normal
from copyist.tensors import Images
from copyist.training import Recipe
from copyist.training.optimization import build_optimizer, learning_rate, set_rate, update_average


@dataclass(frozen=True, kw_only=True, eq=False)
class Mixture:
    """A mixture of Gaussians N(mᵢ, std²·I) with equal weights; a finite set where `std` is 0."""

    means: Images
    """(N, C, H, W)."""

    std: float = 0.0

    def draw(self, count: int, *, generator: torch.Generator) -> Images:
        """Independent draws (count, C, H, W)."""
        chosen = torch.randint(len(self.means), (count,), generator=generator).to(self.means.device)
        x = self.means[chosen]
        return x + draw_normal(x.shape, std=self.std, generator=generator, like=x)

    def score(self, x: Images, *, sigma: float) -> Images:
        """∇ log p_σ at `x`, exactly; a finite set needs a `sigma` greater than 0."""
        variance = self.std**2 + sigma**2
        return (posterior_mean(x, self.means, sigma=math.sqrt(variance)) - x) / variance


def circle(count: int, *, shape: tuple[int, int, int], generator: torch.Generator) -> Images:
    """Points (count, *shape) evenly on a circle of radius 1 around 0, in a plane drawn at random."""
    plane = torch.linalg.qr(torch.randn(math.prod(shape), 2, generator=generator))[0]  # (D, 2)
    angles = 2 * math.pi * torch.arange(count) / count
    return (torch.stack([angles.cos(), angles.sin()], dim=1) @ plane.T).reshape(count, *shape)


def circle_tangents(points: Images, x: Images) -> Images:
    """Unit tangents (B, C, H, W) of the circle at those of its evenly spaced `points` that are nearest to `x`."""
    nearest = torch.cdist(x.flatten(1), points.flatten(1)).argmin(1)
    # The tangent of a circle around 0 is the point a quarter turn further on.
    return points.roll(-(len(points) // 4), 0)[nearest]


def trained_on_draws(data: Mixture, recipe: Recipe, *, trial: Trial) -> Reconstructor:
    """A fresh model, trained on new draws at every step.

    `train` takes its images from a source, which is finite and within [0, 1]; these never repeat, and have no bounds.
    The recipe goes on record like any other. Of its training the steps, the batch size, the optimizer, the rate and the
    averaging count.

    Args:
        data: what is drawn.
        recipe: of the model, its objective and its training; its data are words that say what is drawn.
        trial: from whose seed all is derived.
    """
    trial.note(recipe)
    training, draws = recipe.training, trial.generator("training", recipe.name)
    model = needs(trial.built(recipe.model), Reconstructor, verb="an experiment").train()
    average = copy.deepcopy(model) if training.averaging else None
    optimizer = build_optimizer(model, training.optimization)
    with torch.enable_grad():
        for step in range(training.steps):
            set_rate(optimizer, learning_rate(step, training))
            loss = recipe.objective(model, data.draw(training.batch_size, generator=draws), generator=draws)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            if average is not None:
                update_average(average, model, decay=training.averaging, step=step)
    return (model if average is None else average).eval()


def gaussian_denoiser(x: Images, *, sigma: float) -> Callable[[Images], Images]:
    """The best denoiser of Gaussian data with the mean and covariance of `x` (N, C, H, W): the best linear one."""
    rows = x.flatten(1).double()
    mean, covariance = rows.mean(0), rows.T.cov()
    gain = torch.linalg.solve(covariance + sigma**2 * torch.eye(len(mean)).to(rows), covariance)  # (D, D)

    def denoised(x_tilde: Tensor) -> Tensor:
        return (mean + (x_tilde.flatten(1).double() - mean) @ gain).to(x_tilde.dtype).reshape(x_tilde.shape)

    return denoised
