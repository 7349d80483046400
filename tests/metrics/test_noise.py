"""The noise level: known noise, and scikit-image's estimate beside ours."""

import pytest
import torch
from skimage.data import astronaut
from skimage.restoration import estimate_sigma

from copyist.errors import ShapeError
from copyist.metrics.noise import noise_level


@pytest.mark.parametrize("sigma", [0.01, 0.1, 0.4])
@pytest.mark.parametrize("shape", [(2, 3, 128, 141), (300, 1, 8, 9)])
def test_the_level_of_white_noise_on_a_ramp_is_its_sigma(sigma: float, shape: tuple[int, ...]) -> None:
    ramp = torch.linspace(0, 1, shape[-1]).expand(shape)
    x = ramp + sigma * torch.randn(shape, generator=torch.Generator().manual_seed(0))
    assert noise_level(x).mean().item() == pytest.approx(sigma, rel=0.05)


@pytest.mark.parametrize("sigma", [0.05, 0.1, 0.2])
def test_on_a_photograph_it_agrees_with_scikit_image(sigma: float) -> None:
    x = torch.from_numpy(astronaut()[:256, :256]).permute(2, 0, 1)[None] / 255
    x_tilde = x + sigma * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    theirs = float(estimate_sigma(x_tilde[0].numpy(), average_sigmas=True, channel_axis=0))
    assert noise_level(x_tilde).item() == pytest.approx(theirs, rel=0.05)
    assert noise_level(x).item() < 0.02


def test_each_image_has_its_own_level_and_scale_scales_it() -> None:
    x = torch.randn(3, 2, 10, 12, generator=torch.Generator().manual_seed(0))
    scales = torch.tensor([0.0, 0.5, 2.0])
    torch.testing.assert_close(noise_level(x * scales[:, None, None, None]), noise_level(x) * scales)


def test_the_median_of_two_blocks_lies_between_them() -> None:
    x = torch.tensor([[1.0, 0.0, 3.0, 0.0], [0.0, 0.0, 0.0, 0.0]])[None, None]
    torch.testing.assert_close(noise_level(x), torch.tensor([1.0 / 0.6744897501960817]))


def test_an_image_one_pixel_wide_is_refused() -> None:
    with pytest.raises(ShapeError, match="got 5x1"):
        noise_level(torch.zeros(1, 1, 5, 1))
