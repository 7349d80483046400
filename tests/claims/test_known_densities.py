"""Known densities are what they say, and a net trained on one comes nearer to its score as the noise falls."""

import math

import pytest
import torch

from copyist.claims.measures.known_densities import (
    Mixture,
    circle,
    circle_tangents,
    gaussian_denoiser,
    trained_on_draws,
)
from copyist.claims.trial import Trial
from copyist.corruption import GaussianNoise
from copyist.models import MLPConfig
from copyist.objectives import Denoising
from copyist.procedures import score
from copyist.training import Optimization, Recipe, Training

SHAPE = (1, 2, 3)


def mixture() -> Mixture:
    return Mixture(means=torch.randn(3, *SHAPE, generator=torch.Generator().manual_seed(0)), std=0.3)


def recipe(*, sigma: float, steps: int) -> Recipe:
    return Recipe(
        name=f"denoiser-{sigma:g}",
        data="a mixture, drawn anew",
        model=MLPConfig(image_shape=SHAPE, widths=(48, 48)),
        objective=Denoising(corruption=GaussianNoise(sigma)),
        training=Training(steps=steps, batch_size=512, optimization=Optimization(learning_rate=5e-3)),
    )


def test_a_mixture_of_one_is_a_gaussian() -> None:
    data = Mixture(means=torch.full((1, *SHAPE), 0.5), std=0.3)
    x = data.draw(4000, generator=torch.Generator().manual_seed(1))
    assert x.mean().item() == pytest.approx(0.5, abs=0.01)
    assert x.std().item() == pytest.approx(0.3, rel=0.01)
    torch.testing.assert_close(data.score(x, sigma=0.4), -(x - 0.5) / 0.25)


def test_a_score_is_the_gradient_of_the_log_of_a_sum_of_bells() -> None:
    data = mixture()
    x = data.draw(7, generator=torch.Generator().manual_seed(2)).double().requires_grad_()
    squares = (x[:, None] - data.means.double()[None]).square().flatten(2).sum(2)
    density = torch.exp(-squares / (2 * (0.3**2 + 0.2**2))).sum(1)
    (wanted,) = torch.autograd.grad(density.log().sum(), x)
    torch.testing.assert_close(data.score(x.detach(), sigma=0.2), wanted)


def test_a_circle_is_round_flat_and_even() -> None:
    points = circle(8, shape=(1, 4, 5), generator=torch.Generator().manual_seed(3)).flatten(1)
    torch.testing.assert_close(points.norm(dim=1), torch.ones(8))
    assert int(torch.linalg.matrix_rank(points, atol=1e-4)) == 2
    steps = (points - points.roll(1, 0)).norm(dim=1)
    torch.testing.assert_close(steps, torch.full((8,), 2 * math.sin(math.pi / 8)))


def test_a_tangent_of_a_circle_is_the_difference_of_the_neighbors_on_both_sides() -> None:
    points = circle(400, shape=(1, 4, 5), generator=torch.Generator().manual_seed(3))
    chords = points.roll(-1, 0) - points.roll(1, 0)
    wanted = torch.nn.functional.normalize(chords.flatten(1), dim=1)
    found = circle_tangents(points, 1.3 * points).flatten(1)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


def test_the_best_linear_denoiser_of_gaussian_data_is_wiener_s() -> None:
    draws = torch.Generator().manual_seed(4)
    x = torch.randn(20000, 1, 1, 2, generator=draws) * torch.tensor([0.5, 0.1]) + 0.3
    denoised = gaussian_denoiser(x, sigma=0.2)(torch.tensor([[[[1.3, 1.3]]]])).flatten()
    # m + s² / (s² + σ²) · (x̃ − m), axis by axis.
    assert denoised.tolist() == pytest.approx([0.3 + 0.25 / 0.29, 0.3 + 0.01 / 0.05], rel=0.02)


@pytest.mark.slow
def test_the_error_of_a_trained_denoiser_s_score_falls_with_sigma(trial: Trial) -> None:
    data = mixture()
    x = data.draw(500, generator=torch.Generator().manual_seed(5))
    wanted, errors = data.score(x, sigma=0), []
    for sigma in (0.8, 0.4, 0.2):
        net = trained_on_draws(data, recipe(sigma=sigma, steps=800), trial=trial)
        with torch.no_grad():
            errors.append(float((score(net, x, sigma=sigma) - wanted).norm() / wanted.norm()))
    assert errors[0] > errors[1] > errors[2]
    # The exact posterior mean has σ² / (s² + σ²) in each part: 0.88, 0.64 and 0.31.
    assert errors[2] < 0.5


def test_a_net_is_trained_on_draws_that_never_repeat_and_its_recipe_is_on_record(trial: Trial) -> None:
    drawn: list[torch.Tensor] = []

    class Recorded(Mixture):
        def draw(self, count: int, *, generator: torch.Generator) -> torch.Tensor:
            drawn.append(super().draw(count, generator=generator))
            return drawn[-1]

    data = Recorded(means=mixture().means, std=0.3)
    one, same = (trained_on_draws(data, recipe(sigma=0.2, steps=3), trial=trial) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    rows = torch.cat(drawn[:3]).flatten(1)
    assert len(rows.unique(dim=0)) == 3 * 512
    ((name, document),) = trial.recipes.items()
    assert name.startswith("denoiser-0.2-")
    assert document["objective"] == {"kind": "denoising", "corruption": {"kind": "gaussian", "sigma": 0.2}}
    assert document["training"]["steps"] == 3
