"""Objectives of first stages, on codes whose errors are known on paper."""

from typing import Any

import pytest
import torch
from torch import Tensor

from contracts import CONFIGS, autoencoder, images
from copyist.errors import ArgumentError, ContractError
from copyist.models.contracts import TrainedOn
from copyist.objectives import BoundedRate, Copying, FrozenEncoder, LatentDenoising, Objective, ScaleEquivariance
from known import PerfectAutoencoder


def loss(objective: Objective, x: Tensor, **config: Any) -> float:
    return float(objective(PerfectAutoencoder(**config), x, generator=torch.Generator().manual_seed(1)))


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_noise_in_a_code_has_its_size_whatever_the_scale_of_the_code(scale: float) -> None:
    x = torch.rand(600, 2, 12, 8, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 3.0])[:, None, None]
    variance = float(x.var((0, 2, 3), correction=0).mean())
    assert loss(BoundedRate(sigma=0.3), x, scale=scale) == pytest.approx(0.09 * variance, rel=0.02)
    # E τ² of a uniform share, times what the image and the noise differ by.
    expected = 0.8**2 / 3 * (1 + 2.0**2) * variance
    assert loss(LatentDenoising(strength=2.0, most=0.8), x, scale=scale) == pytest.approx(expected, rel=0.08)


def test_a_bounded_rate_is_the_capacity_of_its_channel() -> None:
    # A signal as strong as the noise: half a bit.
    assert BoundedRate(sigma=1.0).bits_per_value == 0.5
    assert BoundedRate(sigma=1 / 15**0.5).bits_per_value == pytest.approx(2.0)


def test_a_code_that_scales_like_its_image_costs_nothing_and_a_chessboard_does() -> None:
    x = images(4, (2, 8, 12))
    objective = ScaleEquivariance(weight=0.7)
    assert loss(objective, x, scale=5.0) == pytest.approx(0, abs=1e-10)
    halves = torch.nn.functional.avg_pool2d
    signs = 1 - 2 * ((torch.arange(8)[:, None] + torch.arange(12)) % 2)
    # On a chessboard of half the size the smaller code has other signs.
    decoded = halves(x * signs, 2) * signs[:4, :6]
    expected = 0.7 * float((decoded - halves(x, 2)).square().mean())
    assert loss(objective, x, alternates=True) == pytest.approx(expected, rel=1e-4)
    assert expected > 0.01


def test_a_scale_that_codes_cannot_take_is_refused() -> None:
    with pytest.raises(
        ContractError, match=r"^ScaleEquivariance decodes codes of smaller images, and this model takes 8"
    ):
        ScaleEquivariance().check_model(autoencoder(CONFIGS["masked-vit"]))
    with pytest.raises(
        ContractError, match=r"^codes must be maps whose sides are multiples of 2 to be scaled down by it"
    ):
        ScaleEquivariance().check_data(autoencoder(CONFIGS["unet-none"]), images())
    with pytest.raises(ArgumentError, match=r"^most must lie in \[0, 1\], got 1.5"):
        LatentDenoising(most=1.5)


@pytest.mark.parametrize(("kind", "trained"), [("masked-vit", ("decoder.",)), ("unet-group", ("up.",))])
def test_a_frozen_encoder_leaves_the_decoder_alone_to_be_trained(kind: str, trained: tuple[str, ...]) -> None:
    model = autoencoder(CONFIGS[kind])
    model.trained_on = TrainedOn(image_shape=(3, 8, 12))
    objective = FrozenEncoder(objective=Copying())
    frozen = {id(weight) for weight in objective.frozen_weights(model)}
    for name, weight in model.named_parameters():
        assert (id(weight) in frozen) == (not name.startswith(trained)), name
