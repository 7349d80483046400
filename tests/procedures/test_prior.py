"""Samples from the prior are decoded codes of N(0, I), and nothing else."""

from dataclasses import replace

import pytest
import torch

from contracts import CONFIGS, VARIATIONAL, built, standardize, variational
from copyist.errors import ArgumentError, ContractError, ShapeError
from copyist.models import MLPConfig, Variational, VariationalMLPConfig
from copyist.procedures import METHODS, Prior, sample
from objectives.linear_gaussian import LinearGaussian


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_samples_of_a_linear_model_have_its_mean_and_covariance() -> None:
    model = LinearGaussian()
    x = sample(model, count=40_000, generator=draws(), precision="float32", method=Prior()).flatten(1).double()
    covariance = model.matrix @ model.matrix.T
    torch.testing.assert_close(x.mean(0), model.offset, rtol=0, atol=0.04)
    torch.testing.assert_close(x.T.cov(), covariance, rtol=0, atol=0.04)


def test_samples_with_noise_have_that_of_the_pixels_too() -> None:
    model = LinearGaussian()
    method = Prior(with_noise=True)
    x = sample(model, count=40_000, generator=draws(), precision="float32", method=method).flatten(1).double()
    covariance = model.matrix @ model.matrix.T + 0.3**2 * torch.eye(30).double()
    torch.testing.assert_close(x.T.cov(), covariance, rtol=0, atol=0.04)
    bits = sample(variational(CONFIGS["variational-mlp"]), count=3, method=Prior(with_noise=True))
    assert set(bits.unique().tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("kind", sorted(VARIATIONAL))
def test_samples_are_what_codes_of_the_prior_decode_to(kind: str) -> None:
    model = variational(CONFIGS[kind])
    z = torch.randn(7, *model.code_shape((3, 8, 12)), generator=draws(4))
    with torch.no_grad():
        expected = model.decode(z)
    # In batches of three, which round differently.
    found = sample(
        model, count=7, shape=(3, 8, 12), generator=draws(4), batch_size=3, precision="float32", method=Prior()
    )
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    assert found.shape == (7, 3, 8, 12)


def test_samples_have_the_shape_of_the_training_images_unless_told_otherwise() -> None:
    model = variational(CONFIGS["variational-unet-positions"])
    with pytest.raises(ShapeError, match=r"^shape must be \(C, H, W\) of one image, got None; give one, as in shape="):
        sample(model, count=2, method=Prior())
    model.trained_on = replace(model.trained_on, image_shape=(3, 16, 24))
    assert sample(model, count=2, method=Prior()).shape == (2, 3, 16, 24)
    assert torch.equal(
        sample(model, count=2, method=Prior()), sample(model, count=2, generator=draws(), method=Prior())
    )


def of_a_table() -> Variational:
    """Of three columns whose codes decode to a known mean, in units that differ by thousands."""
    config = VariationalMLPConfig(num_columns=3, widths=(), code_size=2, likelihood="gaussian")
    model = variational(config)
    standardize(model, mean=torch.tensor([0.0, 9e4, -3.0]), std=torch.tensor([1.0, 3e3, 0.5]))
    return model


def test_rows_are_sampled_in_the_units_of_the_table() -> None:
    model = of_a_table()
    law = model.likelihood(torch.zeros(1, 2))
    # A linear decoder: the mean of all samples is what the code 0 decodes to, and both spreads are on paper.
    std = torch.tensor([1.0, 3e3, 0.5])
    with torch.no_grad():
        through = torch.stack([model.decode(axis[None])[0] - law.mean()[0] for axis in torch.eye(2)])
    # Untrained, p(x | z) leaves a fifth of a standard deviation open.
    for with_noise, left in ((False, 0.0), (True, 0.2)):
        x = sample(model, count=40_000, generator=draws(), precision="float32", method=Prior(with_noise=with_noise))
        assert x.shape == (40_000, 3)
        torch.testing.assert_close(x.mean(0) / std, law.mean()[0].detach() / std, rtol=0, atol=0.03)
        variance = (through / std).square().sum(0) + left**2
        torch.testing.assert_close((x / std).var(0), variance, rtol=0.04, atol=1e-6)


def test_other_chains_and_other_shapes_are_no_rows() -> None:
    model = of_a_table()
    for name in sorted(METHODS.keys() - {"prior"}):
        with pytest.raises(
            ContractError, match=r"^sample works on images, and this model takes tables; use images and "
        ):
            sample(model, count=2, method=METHODS[name]())
    with pytest.raises(ShapeError, match=r"^the model takes tables of 3 columns only, got 4 columns; leave others out"):
        sample(model, count=2, shape=(4,), method=Prior())
    with pytest.raises(
        ShapeError, match=r"^shape must be \(D,\) of one row of a table, got \(3, 8, 8\); leave it out$"
    ):
        sample(model, count=2, shape=(3, 8, 8), method=Prior())
    with pytest.raises(ContractError, match=r"^sample needs a model's likelihood, and MLP has none; take a variati"):
        sample(built(MLPConfig(num_columns=3, widths=(2,))), count=2, method=Prior())


def test_what_cannot_be_sampled_is_refused() -> None:
    with pytest.raises(
        ContractError, match=r"^sample needs a model's likelihood, and UNet has none; take a variational"
    ):
        sample(built(CONFIGS["unet-none"]), count=2, shape=(3, 8, 12), method=Prior())
    model = variational(CONFIGS["variational-mlp"])
    with pytest.raises(ArgumentError, match=r"^count must be at least 1, got 0$"):
        sample(model, count=0, method=Prior())
    with pytest.raises(ShapeError, match=r"^the model takes images of shape \(3, 8, 12\) only, got \(3, 12, 8\); resi"):
        sample(model, count=2, shape=(3, 12, 8), method=Prior())
