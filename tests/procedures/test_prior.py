"""Samples from the prior are decoded codes of N(0, I), and nothing else."""

import pytest
import torch

from contracts import CONFIGS, VARIATIONAL, built, variational
from copyist.errors import ArgumentError, ContractError, ShapeError
from copyist.procedures import Prior, sample
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
    model.image_shape = (3, 16, 24)
    assert sample(model, count=2, method=Prior()).shape == (2, 3, 16, 24)
    assert torch.equal(
        sample(model, count=2, method=Prior()), sample(model, count=2, generator=draws(), method=Prior())
    )


def test_what_cannot_be_sampled_is_refused() -> None:
    with pytest.raises(
        ContractError, match=r"^the prior needs a model's likelihood, and UNet has none; take a variational"
    ):
        sample(built(CONFIGS["unet-none"]), count=2, shape=(3, 8, 12), method=Prior())
    model = variational(CONFIGS["variational-mlp"])
    with pytest.raises(ArgumentError, match=r"^count must be at least 1, got 0$"):
        sample(model, count=0, method=Prior())
    with pytest.raises(ShapeError, match=r"^the model takes images of shape \(3, 8, 12\) only, got \(3, 12, 8\); resi"):
        sample(model, count=2, shape=(3, 12, 8), method=Prior())
