"""Chains that sample by a denoiser end where paper says, when the denoiser is exact."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from contracts import CONFIGS, DIFFUSION, built, diffusion
from copyist.corruption import GaussianNoise, MaskingNoise
from copyist.errors import ArgumentError, ShapeError
from copyist.models.contracts import Diffusion
from copyist.procedures import (
    METHODS,
    GaussianCodes,
    ImplicitPrior,
    Langevin,
    Method,
    NoDiffusion,
    RepeatedCopying,
    Walkback,
    sample,
    sample_steps,
)
from copyist.randomness import draw_normal
from known import BlindSetDenoiser, GaussianDenoiser

SHAPE = (2, 3, 5)
MEAN, STD, SIGMA = 0.4, 0.3, 0.2


def gaussian() -> GaussianDenoiser:
    return GaussianDenoiser(mean=MEAN, std=STD, sigma=SIGMA)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noises(seed: int, times: int, *, count: int = 3) -> list[Tensor]:
    draws = seeded(seed)
    return [draw_normal((count, *SHAPE), generator=draws, like=torch.empty(0)) for _ in range(times)]


@pytest.mark.parametrize("rate", [0.2, 1.5])
def test_langevin_reaches_the_mean_and_variance_of_gaussian_data_with_the_noise(rate: float) -> None:
    method = Langevin(sigma=SIGMA, last_sigma=None, levels=1, steps=300, rate=rate, mean=2)
    x = sample(gaussian(), count=700, shape=SHAPE, method=method)
    v = STD**2 + SIGMA**2
    # Without a test of acceptance, steps of size α make v larger: by 1 / (1 − α/4v).
    stationary = v / (1 - rate * SIGMA**2 / (4 * v))
    assert x.mean().item() == pytest.approx(MEAN, abs=0.02)
    # 21,000 values tell their variance to 1 %.
    assert x.var().item() == pytest.approx(stationary, rel=0.03)


def test_langevin_takes_half_a_step_along_the_score_and_draws_its_square_root() -> None:
    states = list(sample_steps(gaussian(), count=3, shape=SHAPE, generator=seeded(1), method=Langevin(
        sigma=0.8, last_sigma=0.2, levels=3, steps=1, rate=0.5, mean=0.7)))  # fmt: skip
    start, *drawn = noises(1, 4)
    x = 0.7 + 0.8 * start
    for state, sigma, z in zip(states, (0.8, 0.4, 0.2), drawn, strict=True):
        alpha = 0.5 * sigma**2
        x = x + alpha / 2 * (gaussian()(x) - x) / sigma**2 + math.sqrt(alpha) * z
        torch.testing.assert_close(state, x)


def test_walkback_has_the_data_for_its_stationary_law() -> None:
    spread = STD * SIGMA / math.hypot(STD, SIGMA)
    method = Walkback(corruption=GaussianNoise(SIGMA), spread=spread, steps=100, mean=2, std=0)
    x = sample(gaussian(), count=700, shape=SHAPE, method=method)
    assert x.mean().item() == pytest.approx(MEAN, abs=0.02)
    assert x.var().item() == pytest.approx(STD**2, rel=0.03)


def test_walkback_that_takes_the_mean_loses_variance() -> None:
    x = sample(gaussian(), count=700, shape=SHAPE, method=Walkback(corruption=GaussianNoise(SIGMA)))
    # v = g²(v + σ²) with g the denoiser's share.
    share = STD**2 / (STD**2 + SIGMA**2)
    assert x.var().item() == pytest.approx(share**2 * SIGMA**2 / (1 - share**2), rel=0.03)


def test_walkback_takes_any_corruption() -> None:
    method = Walkback(corruption=MaskingNoise(1.0), steps=2)
    x = sample(gaussian(), count=3, shape=SHAPE, method=method)
    torch.testing.assert_close(x, gaussian()(torch.zeros(3, *SHAPE)))


def test_the_implicit_prior_of_a_finite_set_is_its_points() -> None:
    data = torch.rand(6, *SHAPE, generator=seeded(5))
    states = list(sample_steps(BlindSetDenoiser(data), count=40, shape=SHAPE, method=ImplicitPrior(beta=0.5)))
    distances = torch.cdist(states[-1].flatten(1), data.flatten(1)).min(1)
    assert (distances.values / math.sqrt(30)).max() < 0.01
    assert len(distances.indices.unique()) > 3
    assert len(states) < ImplicitPrior().num_steps
    # Those that are done wait for the others.
    torch.testing.assert_close(states[-1], states[-2])


def test_the_implicit_prior_adds_less_noise_than_it_removed() -> None:
    method = ImplicitPrior(sigma=0.9, first_step=0.1, beta=0.3, steps=2, mean=0.6)
    states = list(sample_steps(gaussian(), count=3, shape=SHAPE, generator=seeded(2), method=method))
    start, *drawn = noises(2, 3)
    y = 0.6 + 0.9 * start
    for state, h, z in zip(states, (0.1, 0.2 / 1.1), drawn, strict=True):
        d = gaussian()(y) - y
        for image in range(3):
            sigma = math.sqrt(float(d[image].square().mean()))
            gamma = math.sqrt((1 - 0.3 * h) ** 2 - (1 - h) ** 2) * sigma
            y[image] += h * d[image] + gamma * z[image]
        torch.testing.assert_close(state, y)


def test_where_no_noise_is_left_at_first_the_implicit_prior_shows_its_start() -> None:
    model = GaussianDenoiser(mean=0.5, std=1e6, sigma=0.1)
    (only,) = sample_steps(model, count=3, shape=SHAPE, generator=seeded(3), method=ImplicitPrior(steps=5))
    torch.testing.assert_close(only, 0.5 + noises(3, 1)[0])


@pytest.mark.parametrize("name", METHODS)
def test_every_method_gives_the_shape_that_is_asked_and_the_same_bits_again(name: str, tmp_path: Path) -> None:
    images = tmp_path / "images.npz"
    x = np.random.default_rng(0).uniform(size=(20, 3, 8, 12)).astype(np.float32)
    np.savez(images, x_train=x, x_test=x[:5])
    with_images = {
        "repeated-copying": RepeatedCopying(statistics="channels", source=str(images)),
        "gaussian-codes": GaussianCodes(source=str(images)),
    }
    method = with_images.get(name) or METHODS[name]()
    is_diffusion = method.contract is Diffusion
    model = diffusion(DIFFUSION["clean"]) if is_diffusion else built(CONFIGS["variational-unet-positions"])
    first, again, other = (
        next(iter(sample_steps(model, count=32, shape=(3, 8, 12), method=method, generator=seeded(seed))))
        for seed in (0, 0, 1)
    )
    assert first.shape == (32, 3, 8, 12)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not first.requires_grad
    with pytest.raises(ShapeError, match=r"^image sides must be multiples of 2, got 9x12"):
        sample_steps(model, count=32, shape=(3, 9, 12), method=method)


def test_methods_that_read_residuals_are_computed_in_full_precision() -> None:
    assert {name for name, method in METHODS.items() if method.reads_residuals} == {"langevin", "implicit-prior"}


@pytest.mark.parametrize(
    ("method", "settings", "message"),
    [
        (Langevin, {"sigma": 0}, r"^sigma must be greater than 0, got 0$"),
        (Langevin, {"sigma": -0.1}, r"^sigma must be greater than 0, got -0.1$"),
        (Langevin, {"last_sigma": 0}, r"^last_sigma must be greater than 0, got 0$"),
        (Langevin, {"sigma": 0.1, "last_sigma": 0.2}, r"^noise must fall, got sigma 0.1 and last_sigma 0.2; lower"),
        (Langevin, {"rate": 4}, r"^rate must be less than 4, got 4; larger steps run away$"),
        (Langevin, {"levels": 0}, r"^levels must be at least 1, got 0$"),
        (ImplicitPrior, {"sigma": 0}, r"^sigma must be greater than 0, got 0$"),
        (ImplicitPrior, {"last_sigma": 0}, r"^last_sigma must be greater than 0, got 0$"),
        (ImplicitPrior, {"last_sigma": 2}, r"^noise must fall, got sigma 1.0 and last_sigma 2; lower"),
        (ImplicitPrior, {"first_step": 0}, r"^first_step must be greater than 0, got 0$"),
        (ImplicitPrior, {"beta": 1.5}, r"^beta must lie in \[0, 1\], got 1.5$"),
        (Walkback, {"spread": -1}, r"^spread must be at least 0, got -1$"),
        (Walkback, {"steps": 0}, r"^steps must be at least 1, got 0$"),
        (NoDiffusion, {"steps": 0}, r"^steps must be at least 1, got 0$"),
    ],
)
def test_settings_out_of_range_are_refused(method: type[Method], settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        method(**settings)
