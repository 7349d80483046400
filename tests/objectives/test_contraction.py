"""The price on a Jacobian is the Jacobian's, as automatic differentiation builds it whole."""

import math
from collections.abc import Callable
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn
from torch.func import jacrev

from contracts import CODELESS, CONFIGS, VARIATIONAL, autoencoder, built, images
from copyist.errors import ArgumentError, ContractError
from copyist.models import Autoencoder, MLPConfig
from copyist.objectives import Contraction, Copying, Objective
from copyist.training import train
from training.tiny import tiny

SHAPE = (2, 3, 5)
WITH_CODE = sorted(set(CONFIGS) - CODELESS - VARIATIONAL)
ACTIVATIONS = ["gelu", "relu", "elu", "silu", "tanh", "sigmoid", "identity"]


def mlp(activation: Any, *widths: int, tied: bool = False) -> Autoencoder:
    return autoencoder(MLPConfig(image_shape=SHAPE, widths=widths, activation=activation, tied=tied)).double()


def energy(function: Any, x: Tensor) -> Tensor:
    """‖J‖²_F of each image, from its whole Jacobian."""
    return torch.stack([cast("Tensor", jacrev(function)(each[None])).detach().square().sum() for each in x])


def _encoded(model: Autoencoder) -> Callable[[Tensor], Tensor]:
    """The code of one image."""
    return lambda x: model.encode(x[None])[0]


def price(objective: Objective, model: Autoencoder, x: Tensor, *, seed: int = 0) -> float:
    """Per unit of weight, without the share of the copy."""
    with torch.no_grad():
        found = objective(model, x, generator=torch.Generator().manual_seed(seed))
        return float(found - Copying()(model, x, generator=torch.Generator())) * 30


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_one_layer_is_as_on_paper(activation: str, tied: bool) -> None:
    model, x = mlp(activation, 11, tied=tied), images(4, SHAPE).double()
    # The copy's error and the norms of rows are taken in float32.
    assert price(Contraction(weight=1.0), model, x) == pytest.approx(float(energy(model.encode, x).mean()), rel=1e-5)


@pytest.mark.parametrize("activation", ["sigmoid", "gelu"])
def test_its_gradient_is_that_of_the_whole_jacobian(activation: str) -> None:
    model, x = mlp(activation, 11), images(4, SHAPE).double()
    by_hand = torch.func.vmap(jacrev(_encoded(model)))(x).square().sum() / 4 / 30
    loss = Contraction(weight=1.0)(model, x, generator=torch.Generator())
    loss = loss - Copying()(model, x, generator=torch.Generator())
    weights = [model.get_parameter("encoder.1.weight"), model.get_parameter("encoder.1.bias")]
    expected = torch.autograd.grad(by_hand, weights)
    for found, wanted in zip(torch.autograd.grad(loss, weights), expected, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("scale", ["code", "image"])
def test_probes_are_right_in_the_mean_for_deep_encoders(scale: Any) -> None:
    model, x = mlp("tanh", 9, 6), images(3, SHAPE).double()
    whole = energy(model.encode if scale == "code" else model, x)
    objective = Contraction(weight=1.0, probes=600, scale=scale)
    found = objective.measures(model, x, generator=torch.Generator().manual_seed(0))
    off = found["probe_spread"] / math.sqrt(600 * 3)
    assert price(objective, model, x) == pytest.approx(float(whole.mean()), rel=5 * off)
    assert found["jacobian_energy"] == pytest.approx(float(whole.mean()), rel=5 * off)


def test_the_history_shows_how_far_one_probe_is_off() -> None:
    model, x = mlp("identity", 6), images(3, SHAPE).double()
    weight = model.get_parameter("encoder.1.weight").detach()
    gram = weight @ weight.T
    # Hutchinson's variance with random signs is 2·Σ of the squares off the diagonal.
    on_paper = math.sqrt(2 * float((gram - gram.diag().diag()).square().sum())) / float(gram.trace())
    found = Contraction(weight=1.0, probes=2000).measures(model, x, generator=torch.Generator().manual_seed(0))
    assert found["probe_spread"] == pytest.approx(on_paper, rel=0.05)


def test_the_jacobian_of_a_batch_with_shared_statistics_is_that_of_all_its_codes() -> None:
    model, x = autoencoder(CONFIGS["unet-batch"]).double(), images(3, (3, 8, 8)).double()
    whole = cast("Tensor", jacrev(model.encode)(x)).detach().square().sum() / 3  # of all codes, per image
    objective = Contraction(weight=1.0, probes=300)
    found = objective.measures(model, x, generator=torch.Generator().manual_seed(0))
    assert found["jacobian_energy"] == pytest.approx(float(whole), rel=5 * found["probe_spread"] / math.sqrt(900))


def shrunk(factor: float) -> Autoencoder:
    """The same copies from a code that is smaller by `factor`."""
    model = mlp("relu", 11)
    into, out = (part for part in model.modules() if isinstance(part, nn.Linear))
    with torch.no_grad():
        into.weight /= factor
        into.bias.div_(factor)
        out.weight *= factor
    return model


def test_a_decoder_that_shouts_escapes_the_price_on_the_code_and_not_that_on_the_copy() -> None:
    x = images(4, SHAPE).double()
    of_code, of_copy = Contraction(weight=1.0), Contraction(weight=1.0, probes=1, scale="image")
    assert price(of_code, shrunk(5), x) == pytest.approx(price(of_code, shrunk(1), x) / 25, rel=1e-3)
    assert price(of_copy, shrunk(5), x) == pytest.approx(price(of_copy, shrunk(1), x), rel=1e-3)


@pytest.mark.parametrize("kind", WITH_CODE)
def test_every_autoencoder_can_be_contracted(kind: str) -> None:
    model, x = autoencoder(CONFIGS[kind]).train(), images()
    objective = Contraction(weight=0.1, probes=1)
    objective.check_model(model)
    objective(model, x, generator=torch.Generator()).backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None, name
        assert torch.isfinite(weight.grad).all(), name


@pytest.mark.slow
def test_a_run_records_the_energy(tmp_path: Any) -> None:
    run = train(tiny(objective=Contraction(weight=0.1, probes=1)), out=tmp_path / "run")
    assert set(run.history()[-1].measures) == {"jacobian_energy", "probe_spread"}
    with torch.no_grad():
        exact = Contraction(weight=0.1).measures(mlp("tanh", 4), images(3, SHAPE).double(), generator=torch.Generator())
    assert set(exact) == {"jacobian_energy"}


def test_what_cannot_be_is_refused_before_training() -> None:
    with pytest.raises(ArgumentError, match=r"^weight must be at least 0, got -1$"):
        Contraction(weight=-1)
    with pytest.raises(ArgumentError, match=r"^probes must be a whole number of at least 1, got 0$"):
        Contraction(weight=1, probes=0)
    with pytest.raises(ArgumentError, match=r"^probes must be given for the Jacobian of the copy, got none; take pro"):
        Contraction(weight=1, scale="image")
    with pytest.raises(ContractError, match=r"^Contraction works in a model's code, and UNetSkips has none; take a mo"):
        Contraction(weight=1).check_model(built(CONFIGS["unet-skips"]))
    known = "the exact contraction is known on paper for an encoder of one layer, and that of"
    remedy = r"take an MLP with one width \(--set widths=256\), or estimate it \(--set probes=1\)"
    for model, name in ((mlp("tanh", 9, 6), "MLP"), (autoencoder(CONFIGS["unet-none"]), "UNet")):
        with pytest.raises(ContractError, match=rf"^{known} {name} is another; {remedy}$"):
            Contraction(weight=1).check_model(model)
