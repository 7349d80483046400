"""Weights of noise levels, and what a model knows before it has learned."""

import pytest
import torch

from contracts import DIFFUSION
from copyist.models.contracts import Diffusion, needs
from copyist.objectives import EDM, StraightPath
from copyist.randomness import generator


def test_the_straight_path_weighs_an_error_as_that_of_the_velocity() -> None:
    x, noise, estimate = torch.randn(3, 50, generator=generator(0), dtype=torch.float64)
    s = torch.linspace(0.1, 20, 50, dtype=torch.float64)
    t = s / (1 + s)
    z = (1 - t) * x + t * noise
    of_velocity = ((z - estimate) / t - (noise - x)).square()
    torch.testing.assert_close(StraightPath().weight(s) * (estimate - x).square(), of_velocity)
    assert float(StraightPath().weight(torch.tensor(1e-3))) == pytest.approx(400)


def test_edm_weighs_the_network_s_own_error_alike_at_all_levels() -> None:
    s = torch.logspace(-3, 3, 13, dtype=torch.float64)
    # The network's error reaches the estimate by c_out = s / √(1 + s²), in units of the spread.
    torch.testing.assert_close(EDM().weight(s) * s.square() / (1 + s.square()), torch.ones(13, dtype=torch.float64))


def test_before_training_edm_s_estimate_is_the_best_for_gaussian_data_and_the_other_the_mean() -> None:
    x = torch.rand(4, 3, 8, 12, generator=generator(1))
    sigma = torch.tensor([0.01, 0.1, 0.5, 4.0])
    for name in ("edm", "clean"):
        model = needs(DIFFUSION[name].build().eval(), Diffusion, verb="test")
        share = model.spread**2 / (model.spread**2 + sigma.square()) if name == "edm" else torch.zeros(4)
        on_paper = model.center + share[:, None, None, None] * (x - model.center)
        torch.testing.assert_close(model(x, sigma), on_paper)
