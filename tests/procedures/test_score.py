"""The residual of the best denoiser over σ² is the score: for Gaussians, mixtures, finite sets and a curve."""

import math

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given
from torch import Tensor

import copyist
from contracts import CONFIGS, built, classifier, images
from copyist.errors import ArgumentError, ContractError, ShapeError
from copyist.models import ConvClassifierConfig
from copyist.procedures import posterior_mean, score
from known import GaussianDenoiser, MixtureDenoiser, SetDenoiser, log_density

SHAPE = (2, 3, 5)


def gradient(x: Tensor, means: Tensor, *, std: float) -> Tensor:
    """Of the log-density of a mixture, by automatic differentiation."""
    x = x.clone().requires_grad_()
    (found,) = torch.autograd.grad(log_density(x, means, std=std).sum(), x)
    return found


def drawn(count: int, *, seed: int, shape: tuple[int, ...] = SHAPE, std: float = 1.0) -> Tensor:
    draws = torch.Generator().manual_seed(seed)
    return 0.5 + std * torch.randn(count, *shape, generator=draws, dtype=torch.float64)


@given(sigma=st.floats(0.05, 2.0), std=st.floats(0.05, 2.0))
def test_score_of_gaussian_data_is_its_log_density_gradient(sigma: float, std: float) -> None:
    x = torch.linspace(-1, 2, 120).reshape(4, *SHAPE)
    model = GaussianDenoiser(mean=0.5, std=std, sigma=sigma)
    on_paper = -(x - 0.5) / (std**2 + sigma**2)
    # Dividing by σ² magnifies float32 rounding.
    torch.testing.assert_close(score(model, x, sigma=sigma), on_paper, rtol=1e-4, atol=1e-4)


@given(sigma=st.floats(0.1, 1.0), std=st.floats(0.1, 1.0))
def test_score_of_a_mixture_is_the_gradient_of_its_log_density_with_the_noise(sigma: float, std: float) -> None:
    means, x = drawn(7, seed=1, std=0.3), drawn(4, seed=2, std=0.5)
    model = MixtureDenoiser(means, std=std, sigma=sigma)
    wanted = gradient(x, means, std=math.hypot(std, sigma))
    torch.testing.assert_close(score(model, x, sigma=sigma), wanted, rtol=1e-7, atol=1e-7)


@given(sigma=st.floats(0.1, 1.0))
def test_score_of_a_finite_set_is_the_gradient_of_the_log_density_of_its_blur(sigma: float) -> None:
    data, x = drawn(9, seed=3, std=0.3), drawn(4, seed=4, std=0.5)
    found = score(SetDenoiser(data, sigma=sigma), x, sigma=sigma)
    torch.testing.assert_close(found, gradient(x, data, std=sigma), rtol=1e-7, atol=1e-7)


def circle(count: int, dimensions: int) -> tuple[Tensor, Tensor, Tensor]:
    """Points of a circle of radius 1 in a plane of so many dimensions, and the two axes of the plane."""
    axes = torch.linalg.qr(drawn(dimensions, seed=5, shape=(2,)))[0].T  # (2, D)
    angles = 2 * math.pi * torch.arange(count, dtype=torch.float64) / count
    return torch.stack([angles.cos(), angles.sin()], dim=1) @ axes, axes[0], axes[1]


def test_score_near_a_curve_in_many_dimensions_leads_back_to_it() -> None:
    points, along, _ = circle(4000, 60)
    sigma = 0.02
    across = torch.linalg.qr(torch.cat([points[:1], points[1000:1001], drawn(1, seed=6, shape=(60,))]).T)[0][:, 2]
    x = (1.03 * along + 0.04 * across).reshape(1, 3, 4, 5)
    found = score(SetDenoiser(points.reshape(-1, 3, 4, 5), sigma=sigma), x, sigma=sigma).flatten()
    radial, height = found @ along, found @ across
    # On paper: the density of a circle blurred in its plane is I₀(ρ/σ²)·exp(−(ρ² + 1)/2σ²).
    rho = 1.03
    bessel = torch.special.i1e(torch.tensor(rho / sigma**2)) / torch.special.i0e(torch.tensor(rho / sigma**2))
    assert radial.item() == pytest.approx((bessel.item() - rho) / sigma**2, rel=1e-3)
    assert height.item() == pytest.approx(-0.04 / sigma**2, rel=1e-6)
    rest = found - radial * along - height * across
    assert rest.norm() < 1e-6 * found.norm()


def test_the_error_of_the_score_of_the_clean_density_falls_with_the_square_of_sigma() -> None:
    means, x, std = drawn(5, seed=7, std=0.3), drawn(50, seed=8, std=0.4), 0.5
    wanted = gradient(x, means, std=std)
    errors = [
        (score(MixtureDenoiser(means, std=std, sigma=sigma), x, sigma=sigma) - wanted).norm()
        for sigma in (0.04, 0.02, 0.01)
    ]
    assert (errors[0] / errors[1]).item() == pytest.approx(4, rel=0.05)
    assert (errors[1] / errors[2]).item() == pytest.approx(4, rel=0.05)


def test_the_mean_over_a_set_is_bayes_rule() -> None:
    data = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]], dtype=torch.float64)
    x_tilde = torch.tensor([[0.25, 0.5]], dtype=torch.float64)
    likelihoods = [math.exp(-(0.25**2 + 0.5**2)), math.exp(-(0.75**2 + 0.5**2)), math.exp(-(0.25**2 + 1.5**2))]
    # σ = 1/√2, so that 2σ² = 1.
    found = posterior_mean(x_tilde, data, sigma=math.sqrt(0.5))[0]
    assert found.tolist() == pytest.approx([likelihoods[1] / sum(likelihoods), 2 * likelihoods[2] / sum(likelihoods)])


def test_the_mean_over_a_set_tends_to_the_nearest_point_and_to_the_set_s_mean() -> None:
    data, x = drawn(6, seed=9), drawn(5, seed=10)
    nearest = data[torch.cdist(x.flatten(1), data.flatten(1)).argmin(1)]
    torch.testing.assert_close(posterior_mean(x, data, sigma=0.01), nearest)
    torch.testing.assert_close(posterior_mean(x, data, sigma=1e6), data.mean(0).expand_as(x))


def test_the_mean_over_a_set_does_not_depend_on_how_many_are_asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    data, x = drawn(6, seed=9), drawn(5, seed=10)
    whole = posterior_mean(x, data, sigma=0.5)
    monkeypatch.setattr("copyist.baselines.posterior.MAX_DISTANCES", 12)
    torch.testing.assert_close(posterior_mean(x, data, sigma=0.5), whole)


def test_a_score_is_asked_in_the_model_s_batches_and_leaves_it_as_it_was() -> None:
    model, x = built(CONFIGS["unet-running"]).train(), images()
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    found = copyist.score(model, x, sigma=0.3)
    assert all(part.training for part in model.modules())
    assert all(torch.equal(buffer, before[name]) for name, buffer in model.named_buffers())
    assert not found.requires_grad
    torch.testing.assert_close(found, (copyist.reconstruct(model, x) - x) / 0.09)
    batch = built(CONFIGS["unet-batch"])
    assert not torch.allclose(score(batch, x, sigma=0.3, batch_size=2), score(batch, x, sigma=0.3, batch_size=5))


@pytest.mark.parametrize("sigma", [0.0, -0.1, math.nan])
def test_noise_that_is_none_is_refused(sigma: float) -> None:
    x = images()
    for act in (lambda: score(built(CONFIGS["mlp"]), x, sigma=sigma), lambda: posterior_mean(x, x, sigma=sigma)):
        with pytest.raises(ArgumentError, match=rf"^sigma must be greater than 0, got {sigma}$"):
            act()


def test_what_has_no_score_is_refused() -> None:
    namer = classifier(ConvClassifierConfig(channels=3, num_classes=2, width=4, levels=2))
    with pytest.raises(
        ContractError, match=r"^score needs a model that copies, and ConvClassifier does not; take a model train"
    ):
        score(namer, images(), sigma=0.1)
    with pytest.raises(ShapeError, match=r"give a single image a batch axis with x\[None\]$"):
        score(built(CONFIGS["mlp"]), images()[0], sigma=0.1)
    with pytest.raises(
        ShapeError, match=r"^examples must have the shape of the data's, got \(3, 8, 12\) and \(1, 2\)$"
    ):
        posterior_mean(images(), torch.rand(4, 1, 2), sigma=0.1)
