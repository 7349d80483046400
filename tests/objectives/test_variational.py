"""Bounds on the likelihood are what paper says they are, on a model whose likelihood is known."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.distributions import Independent, Normal, kl_divergence

from contracts import CONFIGS, images, variational
from copyist.errors import ArgumentError, ContractError, DataError
from copyist.models import MLPConfig
from copyist.models.contracts import log_weights
from copyist.objectives import ELBO, ImportanceWeighted
from copyist.objectives.variational import binarized
from objectives.linear_gaussian import LinearGaussian


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@torch.no_grad()
def test_with_the_exact_posterior_every_weight_is_the_likelihood() -> None:
    model = LinearGaussian()
    x = model.draw(6)
    found = log_weights(model, x, samples=9, generator=draws())
    torch.testing.assert_close(found, model.log_likelihood(x).expand(9, 6))


@torch.no_grad()
def test_with_the_exact_posterior_the_elbo_is_the_likelihood() -> None:
    model = LinearGaussian()
    x = model.draw(50_000)
    # Given a code, log p(x | z) still depends on its noise: five standard errors of that.
    loss = ELBO()(model, x, generator=draws())
    assert loss.item() == pytest.approx(-model.log_likelihood(x).mean().item(), abs=5 * (30 / 2 / 50_000) ** 0.5)


@torch.no_grad()
def test_the_bound_is_the_elbo_at_one_sample_and_rises_with_samples_to_the_likelihood() -> None:
    model = LinearGaussian(shift=0.2, scale=1.5)
    x = model.draw(4000)
    exact = model.log_likelihood(x).mean().item()
    bounds = [-ImportanceWeighted(samples=count)(model, x, generator=draws()).item() for count in (1, 4, 16, 64, 512)]
    assert bounds[0] == pytest.approx(-ELBO()(model, x, generator=draws(1)).item(), abs=0.15)
    assert bounds == sorted(bounds)
    assert bounds[0] < exact - 1
    assert bounds[-1] == pytest.approx(exact, abs=0.05)
    assert bounds[-1] < exact + 0.01


@torch.no_grad()
def test_one_sample_of_the_same_code_has_the_same_reconstruction_and_the_divergence_of_its_draw() -> None:
    model = LinearGaussian(shift=0.2, scale=1.5)
    x = model.draw(5)
    posterior = model.posterior(x)
    z = posterior.draw(samples=1, generator=draws())[0]
    q = Independent(Normal(posterior.mean, (posterior.log_variance / 2).exp()), 1)
    prior = Independent(Normal(torch.zeros(4).double(), torch.ones(4).double()), 1)
    reconstruction = Independent(Normal(model.likelihood(z).mean(), 0.3), 3).log_prob(x)
    by_sample = (reconstruction + prior.log_prob(z) - q.log_prob(z)).mean()
    on_paper = (reconstruction - kl_divergence(q, prior)).mean()
    assert -ImportanceWeighted(samples=1)(model, x, generator=draws()).item() == pytest.approx(by_sample.item())
    assert -ELBO()(model, x, generator=draws()).item() == pytest.approx(on_paper.item())


@torch.no_grad()
def test_beta_weighs_the_codes_nats_alone() -> None:
    model = LinearGaussian()
    x = model.draw(7)
    losses = [ELBO(beta=beta)(model, x, generator=draws()).item() for beta in (0.0, 1.0, 3.0)]
    measured = ELBO().measures(model, x, generator=draws())
    assert losses[0] == pytest.approx(measured["reconstruction_nats"])
    assert losses[1] - losses[0] == pytest.approx(measured["kl_nats"])
    assert losses[2] - losses[0] == pytest.approx(3 * measured["kl_nats"])


def test_beta_rises_over_the_warm_up_to_what_it_is_judged_by() -> None:
    objective = ELBO(beta=2.0, warmup=0.25)
    assert [objective.at_progress(progress).beta for progress in (0, 0.0625, 0.125, 0.25, 0.7, 1)] == [
        0,
        0.5,
        1,
        2,
        2,
        2,
    ]
    assert objective.at_progress(1.0) == objective
    assert ELBO().at_progress(0.0) == ELBO()


@torch.no_grad()
def test_free_nats_are_charged_per_unit_even_where_fewer_are_used() -> None:
    model = LinearGaussian()
    x = model.draw(8)
    per_unit = model.posterior(x).divergence().mean(0)
    assert per_unit.min() < 0.5 < per_unit.max()
    plain, free = (ELBO(free_nats=nats)(model, x, generator=draws()).item() for nats in (0.0, 0.5))
    assert free - plain == pytest.approx((0.5 - per_unit[per_unit < 0.5]).sum().item())


def test_what_is_free_is_a_unit_s_mean_over_the_batch_and_not_each_image_s() -> None:
    model, x = variational(CONFIGS["variational-mlp"]), torch.randint(0, 2, (6, 3, 8, 12), generator=draws()).float()
    with torch.no_grad():
        divergence = model.posterior(x).divergence().flatten(1)
        nats = float(divergence.median())
        plain, free = (ELBO(free_nats=each)(model, x, generator=draws()) for each in (0.0, nats))
    wanted = divergence.mean(0).clamp(min=nats).sum() - divergence.sum(1).mean()
    per_image = divergence.clamp(min=nats).sum(1).mean() - divergence.sum(1).mean()
    assert float(per_image - wanted) > 0.01
    torch.testing.assert_close(free - plain, wanted)


@pytest.mark.parametrize(("nats", "is_free"), [(0.0, False), (1e6, True)])
def test_a_unit_that_holds_fewer_than_its_free_nats_is_not_pressed(nats: float, is_free: bool) -> None:
    model = variational(CONFIGS["variational-mlp"])

    def gradient(objective: ELBO) -> Tensor:
        model.zero_grad()
        objective(model, images().round(), generator=draws()).backward()
        return torch.cat([each.grad.flatten() for each in model.parameters() if each.grad is not None])

    unpressed = gradient(ELBO(beta=0.0))
    assert torch.allclose(gradient(ELBO(free_nats=nats)), unpressed) == is_free


@torch.no_grad()
def test_active_units_are_those_whose_mean_varies() -> None:
    model = LinearGaussian()
    # A unit of length s has a posterior mean of variance s² / (s² + σ²) over the data.
    model.lengths[:2], model.matrix[:, :2] = 0.02, model.matrix[:, :2] * 0.02 / model.lengths[:2]
    x = model.draw(4000)
    measured = ELBO().measures(model, x, generator=draws())
    assert 0.02**2 / (0.02**2 + 0.3**2) < 0.01
    assert measured["active_units"] == 2
    per_unit = model.posterior(x).divergence().mean(0)
    assert measured["kl_of_largest_unit"] == pytest.approx(per_unit.max().item())
    assert ImportanceWeighted(samples=3).measures(model, x, generator=draws()) == measured


@torch.no_grad()
@pytest.mark.parametrize("objective", [ELBO(binarize=True), ImportanceWeighted(samples=2, binarize=True)])
def test_gray_images_are_binarized_anew_at_every_step_if_asked(objective: Any) -> None:
    model, gray = variational(CONFIGS["variational-mlp"]), images()
    objective.check_data(model, gray)
    losses = {objective(model, gray, generator=draws(seed)).item() for seed in (0, 0, 1)}
    assert len(losses) == 2
    # What is black or white already stays.
    bits = gray.round()
    plain: Any = type(objective)(**({} if isinstance(objective, ELBO) else {"samples": 2}))
    generator = draws()
    torch.rand(bits.shape, generator=generator)
    assert objective(model, bits, generator=draws()) == plain(model, bits, generator=generator)


@torch.no_grad()
def test_binarized_values_are_1_with_the_probability_that_they_name() -> None:
    found = binarized(torch.full((1, 1, 200, 300), 0.3), draws())
    assert set(found.unique().tolist()) == {0.0, 1.0}
    assert found.mean().item() == pytest.approx(0.3, abs=5 * (0.21 / 60_000) ** 0.5)


@pytest.mark.parametrize("objective", [ELBO(), ImportanceWeighted(samples=2)])
def test_gray_images_are_refused_by_a_binary_likelihood_before_training(objective: Any) -> None:
    with pytest.raises(DataError, match=r"^a Bernoulli likelihood must be given images of 0 and 1 alone, got values"):
        objective.check_data(variational(CONFIGS["variational-mlp"]), images())
    objective.check_data(variational(CONFIGS["variational-mlp"]), images().round())
    objective.check_data(variational(CONFIGS["variational-unet"]), images())


@pytest.mark.parametrize("objective", [ELBO(), ImportanceWeighted()])
def test_a_model_without_a_likelihood_is_refused(objective: Any) -> None:
    model = MLPConfig(image_shape=(1, 2, 3), widths=(4,)).build()
    with pytest.raises(ContractError, match=r"needs a model's likelihood, and MLP has none; take a variational autoen"):
        objective.check_model(model)


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^beta must be at least 0, got -1$"):
        ELBO(beta=-1)
    with pytest.raises(ArgumentError, match=r"^warmup must lie in \[0, 1\], got 2$"):
        ELBO(warmup=2)
    with pytest.raises(ArgumentError, match=r"^free_nats must be at least 0, got -0.5$"):
        ELBO(free_nats=-0.5)
    with pytest.raises(ArgumentError, match=r"^samples must be a whole number of at least 1, got 0$"):
        ImportanceWeighted(samples=0)
