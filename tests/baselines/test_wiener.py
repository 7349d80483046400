"""The linear denoiser: Gaussian data have the optimal one on paper."""

import pytest
import torch

from copyist.baselines.wiener import Linear, PrincipalBasis, StationaryBasis, fit_linear, linear_bases
from copyist.corruption import Blend, GaussianNoise, Shift
from copyist.errors import ArgumentError, ShapeError
from copyist.metrics.distortion import mse

SHAPE = (2, 3, 4)
STDS = torch.linspace(0.02, 0.6, 24)
MIXING = torch.linalg.qr(torch.randn(24, 24, generator=torch.Generator().manual_seed(7))).Q


def gaussian_data(count: int, seed: int) -> torch.Tensor:
    z = torch.randn(count, 24, generator=torch.Generator().manual_seed(seed))
    return (0.5 + (z * STDS) @ MIXING).view(count, *SHAPE)


def g(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("sigma", [0.1, 0.4])
def test_on_gaussian_data_the_error_is_the_posterior_variance(sigma: float) -> None:
    basis = PrincipalBasis.fitted(gaussian_data(20_000, 0))
    clean, test = gaussian_data(20_000, 1), gaussian_data(20_000, 2)
    noise = GaussianNoise(sigma)
    linear = fit_linear([basis], clean=clean, noisy=noise(clean, generator=g(3)))
    on_paper = (STDS**2 * sigma**2 / (STDS**2 + sigma**2)).mean().item()
    assert mse(linear(noise(test, generator=g(4))), test).mean().item() == pytest.approx(on_paper, rel=0.02)


def test_a_shift_without_noise_is_undone_outright() -> None:
    train, test = gaussian_data(200, 0), gaussian_data(50, 1)
    shift = Shift(0.3)
    linear = fit_linear(linear_bases(train[:100]), clean=train[100:], noisy=shift(train[100:], generator=g(0)))
    torch.testing.assert_close(linear(shift(test, generator=g(0))), test, rtol=0, atol=1e-4)


def test_what_the_axes_do_not_reach_gets_one_gain_of_its_own() -> None:
    basis = PrincipalBasis.fitted(gaussian_data(5, 0))
    assert basis.axes.shape == (4, 24)
    train = gaussian_data(3000, 1)
    linear = fit_linear([basis], clean=train, noisy=Shift(0.5)(train, generator=g(0)))
    assert isinstance(linear, Linear)
    assert linear.rest_gain.item() == pytest.approx(2, rel=1e-3)
    torch.testing.assert_close(linear.gain, torch.full((4,), 2.0), rtol=1e-3, atol=0)


def test_waves_are_as_good_as_axes_on_stationary_data_and_need_no_fit() -> None:
    z = torch.randn(4000, 1, 6, 8, generator=g(0))
    x = 0.5 + 0.1 * (z + z.roll(1, -1) + z.roll(1, -2) + z.roll((1, 1), (-2, -1)))
    clean, test, noise = x[:3000], x[3000:], GaussianNoise(0.2)
    linear = fit_linear([StationaryBasis()], clean=clean, noisy=noise(clean, generator=g(1)))
    transfer = torch.fft.fft2(torch.zeros(6, 8).index_put_((torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1])),
                                                            torch.tensor(0.1)))  # fmt: skip
    power = transfer.abs() ** 2
    on_paper = (power * 0.04 / (power + 0.04)).mean().item()
    assert mse(linear(noise(test, generator=g(2))), test).mean().item() == pytest.approx(on_paper, rel=0.03)


def test_the_better_basis_is_taken() -> None:
    train = gaussian_data(4000, 0)
    noisy = Blend(0.5)(train[2000:], generator=g(0))
    linear = fit_linear(linear_bases(train[:2000]), clean=train[2000:], noisy=noisy)
    assert linear.setting == "principal axes"


def test_large_images_get_waves_alone() -> None:
    assert [basis.name for basis in linear_bases(torch.rand(3, 2, 50, 42))] == ["waves"]
    assert [basis.name for basis in linear_bases(torch.rand(3, 2, 4, 5))] == ["principal axes", "waves"]
    assert [basis.name for basis in linear_bases(torch.rand(1, 2, 4, 5))] == ["waves"]


def test_other_shapes_and_no_basis_are_refused() -> None:
    x = gaussian_data(9, 0)
    with pytest.raises(ShapeError, match=r"images must have shape \(2, 3, 4\), got \(2, 3, 5\)"):
        fit_linear(linear_bases(x), clean=x, noisy=x)(torch.rand(4, 2, 3, 5))
    with pytest.raises(ArgumentError, match="at least one basis"):
        fit_linear([], clean=x, noisy=x)
