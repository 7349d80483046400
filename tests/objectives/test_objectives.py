"""Losses are their formulas."""

import math
from collections.abc import Iterator
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from contracts import CONFIGS, built, images
from copyist import objectives
from copyist.corruption import Blend, Corruption, GaussianNoise, Identity
from copyist.errors import ArgumentError, ContractError
from copyist.models import Model, Reconstructor
from copyist.objectives import (
    OBJECTIVES,
    Classification,
    Copying,
    Denoising,
    Objective,
    WalkingBack,
    Wrapper,
)
from copyist.randomness import draw_normal

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


@pytest.mark.parametrize("kept", [0.99, 0.7, 0.3, 0.02])
def test_denoising_over_the_variance_is_the_loss_of_a_diffusion_model(kept: float) -> None:
    # x_t = √ᾱ·x + √(1 − ᾱ)·ε is √ᾱ times the image with noise of σ² = (1 − ᾱ)/ᾱ, and ε̂ = (x̃ − D(x̃))/σ.
    x, sigma = images(), math.sqrt((1 - kept) / kept)
    denoising = Denoising(corruption=GaussianNoise(sigma))(model(), x, generator=torch.Generator().manual_seed(3))
    epsilon = draw_normal(x.shape, generator=torch.Generator().manual_seed(3), like=x)
    x_t = math.sqrt(kept) * x + math.sqrt(1 - kept) * epsilon
    predicted = (x_t / math.sqrt(kept) - model()(x_t / math.sqrt(kept))) / sigma
    # Ho et al. (2020), equation 14.
    assert denoising.item() / sigma**2 == pytest.approx((epsilon - predicted).square().mean().item(), rel=1e-4)


def test_denoising_of_nothing_is_copying() -> None:
    x = images()
    losses = [
        objective(model(), x, generator=torch.Generator())
        for objective in (Denoising(corruption=Identity()), Copying())
    ]
    assert torch.equal(*losses)


class Bright(nn.Module):
    """The logits of an image are 0 and its sum."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([torch.zeros(len(x)), x.sum((1, 2, 3))], dim=1)


def test_walking_back_is_the_error_against_the_clean_image_along_a_chain() -> None:
    x, noise, draws = images(), GaussianNoise(sigma=0.3), torch.Generator().manual_seed(3)
    objective = WalkingBack(corruption=noise, steps=3, spread=0.2)
    state, errors = x, []
    for _ in range(3):
        x_hat = model()(noise(state, generator=draws))
        errors.append((x_hat - x).double().square().mean().item())
        state = x_hat + 0.2 * draw_normal(x.shape, generator=draws, like=x)
    loss = objective(model(), x, generator=torch.Generator().manual_seed(3))
    assert loss.item() == pytest.approx(sum(errors) / 3, rel=1e-5)


def test_walking_back_one_step_is_denoising() -> None:
    x, noise = images(), GaussianNoise(sigma=0.3)
    losses = [
        objective(model(), x, generator=torch.Generator().manual_seed(3))
        for objective in (WalkingBack(corruption=noise, steps=1), Denoising(corruption=noise))
    ]
    assert torch.equal(*losses)


def test_walking_back_passes_no_gradient_from_one_step_to_the_one_before() -> None:
    class Scale(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.tensor(0.5))

        def forward(self, x: Tensor) -> Tensor:
            return self.weight * x

    x, scale = images(), Scale()
    with torch.enable_grad():
        WalkingBack(corruption=Identity(), steps=2)(cast("Model", scale), x, generator=torch.Generator()).backward()
    # x̂₁ = wx and x̂₂ = w·(wx held fixed): the mean of 2(w − 1)·x² and 2(w² − 1)·w·x², at w = ½.
    wanted = (2 * (0.5 - 1) + 2 * (0.25 - 1) * 0.5) / 2 * x.square().mean()
    assert scale.weight.grad is not None
    torch.testing.assert_close(scale.weight.grad, wanted)


@pytest.mark.parametrize("settings", [{"steps": 0}, {"steps": 1.5}, {"spread": -0.1}])
def test_a_chain_that_cannot_be_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError):
        WalkingBack(corruption=Identity(), **settings)


def test_classification_is_the_cross_entropy_of_the_right_class() -> None:
    x = torch.tensor([0.5, -2.0, 3.0])[:, None, None, None].expand(3, 1, 1, 2) / 2
    labels = torch.tensor([1, 0, 0])
    on_paper = (math.log(1 + math.exp(-0.5)) + math.log(1 + math.exp(-2)) + math.log(1 + math.exp(3))) / 3
    loss = Classification()(cast("Model", Bright()), x, generator=torch.Generator(), labels=labels)
    assert loss.item() == pytest.approx(on_paper, rel=1e-6)


def test_accuracy_is_the_share_of_images_whose_class_is_the_likeliest() -> None:
    x = torch.tensor([0.5, -2.0, 3.0])[:, None, None, None].expand(3, 1, 1, 2)
    labels = torch.tensor([1, 0, 0])
    found = Classification().measures(cast("Model", Bright()), x, generator=torch.Generator(), labels=labels)
    assert found == {"accuracy": pytest.approx(2 / 3)}


def test_classification_without_labels_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^classification must be given labels, got none; give one per image$"):
        Classification()(model(), images(), generator=torch.Generator())


def test_labels_change_nothing_in_what_only_copies() -> None:
    losses = [
        Copying()(model(), images(), generator=torch.Generator(), labels=labels) for labels in (None, torch.arange(5))
    ]
    assert torch.equal(*losses)


def test_an_objective_takes_no_model_of_another_contract() -> None:
    Copying().check_model(model())
    with pytest.raises(ContractError, match=r"^Classification names images, and UNet copies them; take a classifier$"):
        Classification().check_model(model())


def test_pictures_show_images_and_copies_clean_and_noisy() -> None:
    x, net = images(), model()
    rows = Copying().pictures(net, x, generator=torch.Generator().manual_seed(3))
    x_tilde = Blend(alpha=0.3)(x, generator=torch.Generator().manual_seed(3))
    assert list(rows) == ["image", "copy", "noisy, α = 0.3", "its copy"]
    for shown, expected in zip(rows.values(), (x, net(x), x_tilde, net(x_tilde)), strict=True):
        assert torch.equal(shown, expected)


def test_every_objective_is_in_the_catalogue() -> None:
    public = [getattr(objectives, name) for name in objectives.__all__]
    kinds = {each for each in public if isinstance(each, type) and issubclass(each, Objective)}
    assert kinds - {Objective, Wrapper} == set(OBJECTIVES.values())
