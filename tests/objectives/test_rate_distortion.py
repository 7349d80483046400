"""The loss of compressors."""

import pytest
import torch

from codecs_to_test import codec
from copyist.errors import ArgumentError, ShapeError
from copyist.metrics.distortion import ms_ssim
from copyist.objectives import RateDistortion
from copyist.randomness import generator


def test_the_loss_is_bits_per_pixel_and_the_error_in_gray_levels_at_the_quality_s_price() -> None:
    model, objective = codec(), RateDistortion(lowest=0.01, highest=0.04)
    x = torch.rand(4, 3, 16, 32, generator=generator(0))
    with torch.no_grad():
        loss = objective(model, x, generator=generator(1))
        draws = generator(1)
        quality = torch.randint(model.num_qualities, (4,), generator=draws)
        x_hat, bits = model.rate_distortion(x, quality=quality, generator=draws)
    price = torch.tensor([0.01, 0.02, 0.04])[quality]
    in_gray_levels = (255 * x_hat - 255 * x).square().mean((1, 2, 3))
    torch.testing.assert_close(loss, (bits / (16 * 32) + price * in_gray_levels).mean())


def test_ms_ssim_is_the_distortion_where_it_is_asked_for() -> None:
    model, objective = codec(), RateDistortion(lowest=0.01, highest=0.04, distortion="ms-ssim")
    x = torch.rand(2, 3, 176, 176, generator=generator(0))
    model.zero_grad()
    loss = objective(model, x, generator=generator(1))
    with torch.no_grad():
        draws = generator(1)
        quality = torch.randint(model.num_qualities, (2,), generator=draws)
        x_hat, bits = model.rate_distortion(x, quality=quality, generator=draws)
    price = torch.tensor([0.01, 0.02, 0.04])[quality]
    torch.testing.assert_close(loss, (bits / 176**2 + price * 1250 * (1 - ms_ssim(x_hat, x))).mean())
    loss.backward()
    slopes = [each.grad for each in model.parameters() if each.grad is not None]
    model.zero_grad()
    assert slopes
    assert all(bool(each.isfinite().all()) for each in slopes)
    with torch.no_grad():
        found = objective.measures(model, x, generator=generator(1))
    assert found["ms_ssim_1"] <= found["ms_ssim_3"] + 0.05


def test_ms_ssim_of_what_is_not_alike_at_all_has_a_finite_slope() -> None:
    x = torch.rand(1, 1, 176, 176, generator=generator(0))
    negative = (1 - x).requires_grad_()
    ms_ssim(negative, x).sum().backward()
    assert negative.grad is not None
    assert bool(negative.grad.isfinite().all())


def test_crops_are_large_enough_for_ms_ssim() -> None:
    with pytest.raises(ArgumentError, match="crop must be a whole number of at least 176, got 128"):
        RateDistortion(distortion="ms-ssim", crop=128)
    with pytest.raises(ShapeError, match="MS-SSIM needs sides of at least 176, got 64x64"):
        RateDistortion(distortion="ms-ssim")(codec(), torch.zeros(1, 3, 64, 64), generator=generator(0))
