"""Nets with a layer over all values take rows of a table in any units, and answer in those units."""

import pytest
import torch
from torch import Tensor

from contracts import built, classifier, standardize
from copyist.errors import ContractError, ShapeError
from copyist.models import (
    ClassifierConfig,
    MaskedViTConfig,
    MLPConfig,
    ModelConfig,
    ResidualConfig,
    SparseMLPConfig,
    StackedClassifierConfig,
    UNetConfig,
    VariationalMLPConfig,
)
from copyist.models.contracts import Autoencoder, Variational, needs
from copyist.objectives import Contraction, MaskedCopying

ROWS = (6,)
MEAN, STD = torch.tensor([0.0, 9e4, -3.0, 1.0, 0.2, 50.0]), torch.tensor([1.0, 3e3, 0.002, 7.0, 1e-2, 20.0])

COPIERS = {
    "mlp": MLPConfig(num_columns=6, widths=(5, 3)),
    "mlp-tied": MLPConfig(num_columns=6, widths=(5,), code=2, tied=True, activation="tanh"),
    "sparse-mlp": SparseMLPConfig(num_columns=6, widths=(9,), k=3),
    "sparse-mlp-hidden": SparseMLPConfig(num_columns=6, widths=(5, 9), k=None),
    "variational-mlp": VariationalMLPConfig(num_columns=6, widths=(5,), code_size=2, likelihood="gaussian"),
}


def rows() -> Tensor:
    """Standardized."""
    return torch.randn(8, *ROWS, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", COPIERS)
def test_an_answer_in_units_is_the_standardized_one_in_those_units(kind: str) -> None:
    model, x = needs(built(COPIERS[kind]), Autoencoder, verb="test"), rows()
    with torch.no_grad():
        z, x_hat = model.encode(x), model(x)
        standardize(model, mean=MEAN, std=STD)
        torch.testing.assert_close(model.encode(x * STD + MEAN), z, rtol=1e-3, atol=1e-3)
        torch.testing.assert_close((model(x * STD + MEAN) - MEAN) / STD, x_hat, rtol=1e-3, atol=1e-3)


def test_a_residual_is_taken_off_rows_in_any_units_and_the_mean_only_once() -> None:
    within = COPIERS["mlp"]
    config, x = ResidualConfig(model=within), rows()
    model = built(config, seed=2)
    assert (model.takes_tables, model.num_columns, model.image_shape) == (True, 6, None)
    with torch.no_grad():
        on_paper = x - built(within, seed=2)(x)
        torch.testing.assert_close(model(x), on_paper)
        standardize(model, mean=MEAN, std=STD)
        torch.testing.assert_close((model(x * STD + MEAN) - MEAN) / STD, on_paper, rtol=1e-3, atol=1e-3)


def test_a_residual_that_takes_nothing_off_hands_rows_on_as_they_are() -> None:
    model = built(ResidualConfig(model=COPIERS["mlp"]))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        standardize(model, mean=MEAN, std=STD)
        x = rows() * STD + MEAN
        torch.testing.assert_close(model(x), x, rtol=1e-5, atol=1e-5)


def test_names_do_not_depend_on_units() -> None:
    stack = MLPConfig(num_columns=6, widths=(5,), code=3, activation="sigmoid")
    model, x = classifier(StackedClassifierConfig(stack=stack, num_classes=4)), rows()
    with torch.no_grad():
        logits = model(x)
        standardize(model, mean=MEAN, std=STD)
        torch.testing.assert_close(model(x * STD + MEAN), logits, rtol=1e-3, atol=1e-3)


def test_a_density_falls_as_units_spread() -> None:
    # Change of variables: log p of x·s + m is log p of x minus Σ log s.
    model, x = needs(built(COPIERS["variational-mlp"]), Variational, verb="test").double(), rows().double()
    z = torch.randn(8, 2, generator=torch.Generator().manual_seed(1)).double()
    with torch.no_grad():
        before = model.likelihood(z).log_prob(x)
        standardize(model, mean=MEAN, std=STD)
        after = model.likelihood(z).log_prob(x * STD.double() + MEAN.double())
    torch.testing.assert_close(after, before - STD.double().log().sum())


def test_the_jacobian_of_one_layer_is_autograd_s_in_the_units_of_the_table() -> None:
    model = needs(
        built(MLPConfig(num_columns=6, widths=(4,), activation="sigmoid", tied=True)), Autoencoder, verb="test"
    )
    standardize(model, mean=MEAN, std=STD)
    x = rows() * STD + MEAN

    def code(row: Tensor) -> Tensor:
        return model.encode(row[None])[0]

    jacobian = torch.stack([torch.autograd.functional.jacobian(code, row) for row in x])
    measured = Contraction(weight=1.0).measures(model, x, generator=torch.Generator())["jacobian_energy"]
    assert measured == pytest.approx(float(jacobian.square().sum((1, 2)).mean()), rel=1e-4)


@pytest.mark.parametrize("likelihood", ["bernoulli", "logistic"])
def test_a_table_has_no_likelihood_of_pixels(likelihood: str) -> None:
    config = VariationalMLPConfig(likelihood=likelihood)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ShapeError, match=r"^a table must have a likelihood of real numbers, got likelihood="):
        config.fitted(ROWS)


@pytest.mark.parametrize("config", [UNetConfig(), MaskedViTConfig(), ResidualConfig()])
def test_what_is_made_of_places_refuses_rows(config: ModelConfig) -> None:
    with pytest.raises(
        ShapeError, match=r"^the model takes images \(C, H, W\), got rows of a table of 6 columns; take"
    ):
        config.fitted(ROWS)


def test_patches_of_rows_are_refused() -> None:
    with pytest.raises(ContractError, match=r"^MaskedCopying hides patches of images, and this model takes tables; ta"):
        MaskedCopying().check_model(built(COPIERS["mlp"]))


def test_a_shape_other_than_the_model_s_is_refused() -> None:
    model = built(COPIERS["mlp"])
    with pytest.raises(ShapeError, match=r"^the model takes tables of 6 columns only, got 5 columns; leave others out"):
        model.check_batch(torch.rand(2, 5))
    with pytest.raises(ShapeError, match=r"^the model was built for rows of shape \(6,\), got \(5,\); give a table of"):
        COPIERS["mlp"].fitted((5,))
    assert isinstance(StackedClassifierConfig().fitted(ROWS), ClassifierConfig)
