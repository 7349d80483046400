"""Losses are their formulas."""

from collections.abc import Iterator

import pytest
import torch

from contracts import CONFIGS, built, images
from copyist.corruption import Corruption, GaussianNoise, Identity
from copyist.models import Reconstructor
from copyist.objectives import OBJECTIVES, Copying, Denoising

pytestmark = pytest.mark.usefixtures("no_gradients")


@pytest.fixture
def no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


def model() -> Reconstructor:
    return built(CONFIGS["unet-none"])


def test_copying_is_the_mean_squared_error_of_the_copy() -> None:
    x = images()
    loss = Copying()(model(), x, generator=torch.Generator())
    assert loss.item() == pytest.approx((model()(x) - x).double().square().mean().item(), rel=1e-5)


@pytest.mark.parametrize("corruption", [GaussianNoise(sigma=0.3), GaussianNoise(sigma=(0.0, 1.0))])
def test_denoising_is_the_mean_squared_error_against_the_clean_image(corruption: Corruption) -> None:
    x = images()
    loss = Denoising(corruption=corruption)(model(), x, generator=torch.Generator().manual_seed(3))
    x_tilde = corruption(x, generator=torch.Generator().manual_seed(3))
    assert loss.item() == pytest.approx((model()(x_tilde) - x).double().square().mean().item(), rel=1e-5)


def test_denoising_of_nothing_is_copying() -> None:
    x = images()
    losses = [
        objective(model(), x, generator=torch.Generator())
        for objective in (Denoising(corruption=Identity()), Copying())
    ]
    assert torch.equal(*losses)


def test_every_objective_is_in_the_catalogue() -> None:
    assert set(OBJECTIVES.values()) == {Copying, Denoising}
