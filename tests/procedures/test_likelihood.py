"""The likelihood found by importance sampling is the one on paper, in however many pieces it is computed."""

import importlib
import math

import pytest
import torch

from contracts import CONFIGS, built, images, variational
from copyist.errors import ArgumentError, ContractError, DataError, ShapeError
from copyist.procedures import likelihood, negative_log_likelihood
from objectives.linear_gaussian import SHAPE, VALUES, LinearGaussian


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_with_the_exact_posterior_one_sample_is_enough() -> None:
    model = LinearGaussian()
    x = model.draw(6)
    torch.testing.assert_close(negative_log_likelihood(model, x, samples=1), -model.log_likelihood(x))


def test_the_estimate_falls_with_samples_to_the_likelihood() -> None:
    model = LinearGaussian(shift=0.2, scale=1.5)
    x = model.draw(300)
    exact = -model.log_likelihood(x)
    off = [
        (negative_log_likelihood(model, x, samples=count, generator=draws()) - exact).mean().item()
        for count in (1, 10, 100, 2000)
    ]
    assert off == sorted(off, reverse=True)
    assert off[0] > 1
    assert abs(off[-1]) < 0.03


def test_the_number_of_images_and_codes_at_a_time_changes_only_which_codes_are_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = LinearGaussian(shift=0.1, scale=1.2)
    x = model.draw(5)
    whole = negative_log_likelihood(model, x, samples=20_000, generator=draws())
    # 7 codes of 5 images at a time, then of one image 150.
    for values in (35 * VALUES, 150 * VALUES):
        monkeypatch.setattr(importlib.import_module("copyist.procedures.likelihood"), "_VALUES", values)
        parts = negative_log_likelihood(model, x, samples=20_000, generator=draws())
        assert not torch.equal(parts, whole)
        torch.testing.assert_close(parts, whole, rtol=0, atol=0.05)


def test_what_is_far_from_the_data_is_not_lost_to_underflow() -> None:
    model = LinearGaussian()
    x = model.draw(3) - 90
    # e to the power of minus half a million is 0 in any precision.
    assert (model.log_likelihood(x) < -5e5).all()
    torch.testing.assert_close(negative_log_likelihood(model, x, samples=5), -model.log_likelihood(x))


def test_the_summary_is_of_one_piece() -> None:
    model = LinearGaussian(shift=0.2, scale=1.5)
    x = model.draw(2000)
    found = likelihood(model, x, samples=50, generator=draws())
    per_unit = model.posterior(x).divergence().mean(0)
    assert found.num_images == 2000
    assert found.samples == 50
    estimate = negative_log_likelihood(model, x, samples=50, generator=draws()).mean().item()
    assert found.negative_log_likelihood == pytest.approx(estimate)
    assert found.negative_elbo == pytest.approx(found.reconstruction + found.divergence)
    assert found.divergence == pytest.approx(per_unit.sum().item())
    assert found.divergence_per_unit == pytest.approx(per_unit.sort(descending=True).values.tolist())
    assert found.bits_per_value == pytest.approx(estimate / math.log(2) / VALUES)
    # −E log p(x | z) under a posterior of mean μ + δ and variance 1.5 s², on paper.
    q = model.posterior(x)
    missed = (x.flatten(1) - model.offset - q.mean @ model.matrix.T).square().sum(1)
    spread = (q.log_variance.exp() * model.lengths.square()).sum(1)
    on_paper = 0.5 * ((missed + spread) / 0.09 + VALUES * math.log(2 * math.pi * 0.09))
    assert found.reconstruction == pytest.approx(on_paper.mean().item(), abs=0.1)
    # Units of length s have means of variance s² / (s² + σ²): all four vary.
    assert found.active_units == 4


def test_units_without_use_are_not_active() -> None:
    model = LinearGaussian()
    model.matrix[:, 0], model.lengths[0] = model.matrix[:, 0] / 10, model.lengths[0] / 10
    assert model.lengths[0] ** 2 / (model.lengths[0] ** 2 + 0.09) < 0.01
    found = likelihood(model, model.draw(1000), samples=1)
    assert found.active_units == 3


def test_asking_changes_nothing_in_the_model_and_gives_the_same_answer_again() -> None:
    model, x = variational(CONFIGS["variational-unet"]).train(), images()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    answers = [negative_log_likelihood(model, x, samples=3) for _ in range(2)]
    assert torch.equal(*answers)
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not answers[0].requires_grad


def test_what_cannot_be_answered_is_refused() -> None:
    with pytest.raises(
        ContractError, match=r"^negative_log_likelihood needs a model's likelihood, and UNet has none; "
    ):
        negative_log_likelihood(built(CONFIGS["unet-none"]), images())
    model = variational(CONFIGS["variational-mlp"])
    with pytest.raises(DataError, match=r"^a Bernoulli likelihood must be given images of 0 and 1 alone, got values"):
        negative_log_likelihood(model, images())
    with pytest.raises(ArgumentError, match=r"^samples must be a whole number of at least 1, got 0$"):
        negative_log_likelihood(model, images().round(), samples=0)
    with pytest.raises(
        ShapeError, match=r"^the model takes images of shape \(3, 8, 12\) only, got \(2, 3, 5\); resize"
    ):
        likelihood(model, images(2, SHAPE).round())
