"""Quiet codes are paid for as on paper, and cannot be had by whispering to a loud decoder."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from contracts import CODELESS, CONFIGS, VARIATIONAL, autoencoder, built, images
from copyist.corruption import GaussianNoise
from copyist.errors import ArgumentError, ContractError, UnknownNameError
from copyist.models import Autoencoder, MLPConfig
from copyist.objectives import Copying, Denoising, KLSparsity, L1Sparsity, Objective
from copyist.training import train
from training.tiny import tiny

SHAPE = (3, 8, 12)
WITH_CODE = sorted(set(CONFIGS) - CODELESS - VARIATIONAL)


def shallow(activation: Any = "relu") -> Autoencoder:
    return autoencoder(MLPConfig(image_shape=SHAPE, widths=(40,), activation=activation))


def loss(objective: Objective, model: Autoencoder, x: Tensor, *, seed: int = 0) -> float:
    with torch.no_grad():
        return float(objective(model, x, generator=torch.Generator().manual_seed(seed)))


def copying(model: Autoencoder, x: Tensor) -> float:
    return loss(Copying(), model, x)


def test_the_plain_price_is_the_sum_of_the_code() -> None:
    model, x = shallow("gelu"), images()
    with torch.no_grad():
        by_hand = 0.3 * float(model.encode(x).abs().sum(1).mean()) / 288
    objective = L1Sparsity(weight=0.3, scale="code")
    assert loss(objective, model, x) - copying(model, x) == pytest.approx(by_hand, rel=1e-4)


def test_in_the_mean_the_price_is_the_code_times_the_norms_of_its_columns() -> None:
    model, x = shallow(), images()
    with torch.no_grad():
        columns = (model.decode(torch.eye(40)) - model.decode(torch.zeros(40, 40))).flatten(1).norm(dim=1)
        by_hand = float((model.encode(x) * columns).sum(1).mean()) / 288
    prices = [loss(L1Sparsity(weight=1.0), model, x, seed=seed) - copying(model, x) for seed in range(200)]
    # One estimate of a norm is off by 76 %; here a thousand are averaged, weighted by the units' activity.
    assert math.fsum(prices) / len(prices) == pytest.approx(by_hand, rel=0.03)


def louder(factor: float) -> Autoencoder:
    """The same copies from a code that is smaller by `factor`."""
    model = shallow()
    into, out = (part for part in model.modules() if isinstance(part, torch.nn.Linear))
    with torch.no_grad():
        into.weight /= factor
        into.bias.div_(factor)
        out.weight *= factor
    return model


def test_a_decoder_that_shouts_escapes_the_plain_price_and_not_the_other() -> None:
    x = images()
    plain, ours = L1Sparsity(weight=1.0, scale="code"), L1Sparsity(weight=1.0)
    assert copying(louder(8), x) == pytest.approx(copying(shallow(), x), rel=1e-5)
    prices = [loss(plain, model, x) - copying(model, x) for model in (louder(8), shallow())]
    assert prices[0] == pytest.approx(prices[1] / 8, rel=1e-3)
    assert loss(ours, louder(8), x) == pytest.approx(loss(ours, shallow(), x), rel=1e-5)


@pytest.mark.parametrize("objective", [L1Sparsity(weight=0.0), KLSparsity(weight=0.0)], ids=["l1", "kl"])
def test_at_no_price_it_only_copies(objective: Objective) -> None:
    model, x = shallow("sigmoid"), images()
    assert loss(objective, model, x) == pytest.approx(copying(model, x), rel=1e-6)


@pytest.mark.parametrize("kind", [L1Sparsity, KLSparsity])
def test_corrupted_images_are_copied_clean(kind: type[L1Sparsity] | type[KLSparsity]) -> None:
    model, x, noise = shallow("sigmoid"), images(), GaussianNoise(0.3)
    plain = loss(Denoising(corruption=noise), model, x, seed=4)
    assert loss(kind(weight=0.0, corruption=noise), model, x, seed=4) == pytest.approx(plain, rel=1e-6)


def test_the_divergence_is_that_of_two_coins() -> None:
    model, x, rate = shallow("sigmoid"), images(), 0.2
    with torch.no_grad():
        means = model.encode(x).double().mean(0)
    coins = torch.distributions.Bernoulli(torch.tensor(rate, dtype=torch.float64))
    by_hand = float(torch.distributions.kl_divergence(coins, torch.distributions.Bernoulli(means)).sum())
    price = loss(KLSparsity(weight=2.0, rate=rate), model, x) - copying(model, x)
    assert price == pytest.approx(2 * by_hand / 288, rel=1e-4)


def test_units_at_the_rate_cost_nothing_and_silent_ones_do_not_cost_infinity() -> None:
    model, x = shallow("sigmoid"), images()
    into = next(part for part in model.modules() if isinstance(part, torch.nn.Linear))
    with torch.no_grad():
        into.weight.zero_()
        into.bias.fill_(math.log(0.1 / 0.9))
    assert loss(KLSparsity(weight=1.0, rate=0.1), model, x) == pytest.approx(copying(model, x), abs=1e-7)
    with torch.no_grad():
        into.bias.fill_(-200)
    into.bias.grad = None
    silent = KLSparsity(weight=1.0, rate=0.1)(model, x, generator=torch.Generator())
    assert math.isfinite(float(silent.detach()))


@pytest.mark.parametrize("kind", WITH_CODE)
def test_every_autoencoder_can_be_quieted(kind: str) -> None:
    model, x = autoencoder(CONFIGS[kind]).train(), images()
    L1Sparsity(weight=0.1).check_model(model)
    L1Sparsity(weight=0.1)(model, x, generator=torch.Generator()).backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None, name
        assert torch.isfinite(weight.grad).all(), name


def test_a_look_leaves_no_gradients_and_no_graph() -> None:
    model, x = shallow(), images()
    with torch.no_grad():
        found = L1Sparsity(weight=0.1)(model, x, generator=torch.Generator())
    assert not found.requires_grad
    assert all(weight.grad is None for weight in model.parameters())


def test_the_history_says_how_much_of_the_code_is_used(tmp_path: Any) -> None:
    model, x = shallow("identity"), images()
    into = next(part for part in model.modules() if isinstance(part, torch.nn.Linear))
    with torch.no_grad():
        into.weight.zero_()
        into.bias.zero_()
        into.bias[:10] = torch.tensor([1.0, -1.0] * 5)
        found = L1Sparsity(weight=0.1).measures(model, x, generator=torch.Generator())
    assert found == pytest.approx({"active_share": 0.25, "effective_share": 0.25, "silent_units": 30})
    run = train(tiny(objective=L1Sparsity(weight=0.1)), out=tmp_path / "run")
    assert set(run.history()[-1].measures) == set(found)


def test_the_history_says_the_mean_activation() -> None:
    with torch.no_grad():
        model, x = shallow("sigmoid"), images()
        found = KLSparsity(weight=0.1).measures(model, x, generator=torch.Generator())
        assert found["mean_activation"] == pytest.approx(float(model.encode(x).mean()))


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.2, 1.5, math.nan])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(ArgumentError, match=rf"^rate must lie between 0 and 1, both excluded, got {rate}; take rate=0"):
        KLSparsity(weight=1.0, rate=rate)


def test_a_price_below_nothing_is_refused() -> None:
    for kind in (L1Sparsity, KLSparsity):
        with pytest.raises(ArgumentError, match=r"^weight must be at least 0, got -0.5$"):
            kind(weight=-0.5)
    wrong: Any = "pixel"
    with pytest.raises(UnknownNameError, match=r"^there is no scale 'pixel'; "):
        L1Sparsity(weight=0.1, scale=wrong)


def test_a_code_that_is_no_rate_is_refused() -> None:
    with pytest.raises(ArgumentError) as refused:
        loss(KLSparsity(weight=1.0), shallow("tanh"), images())
    assert str(refused.value).startswith(
        "KLSparsity takes a code for rates, which must lie in [0, 1], got values from -"
    )
    assert str(refused.value).endswith("; take a model with --set activation=sigmoid, or L1Sparsity")


@pytest.mark.parametrize("kind", [L1Sparsity, KLSparsity])
def test_a_model_without_a_code_is_refused(kind: type[L1Sparsity] | type[KLSparsity]) -> None:
    with pytest.raises(ContractError, match=rf"^{kind.__name__} works in a model's code, and UNetSkips has none; take"):
        kind(weight=1.0).check_model(built(CONFIGS["unet-skips"]))
