"""Distortion: closed forms, and scikit-image as the oracle."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from copyist.errors import ShapeError
from copyist.metrics.distortion import distance, ms_ssim, mse, pooled_psnr, psnr, ssim


def pair(*shape: int) -> tuple[torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(5)
    x = torch.rand(shape, generator=g)
    return (x + 0.1 * torch.randn(shape, generator=g)), x


def test_mse_and_distance_of_a_constant_offset_are_on_paper() -> None:
    x = torch.rand(2, 3, 4, 5)
    offset = torch.tensor([0.1, -0.5])[:, None, None, None]
    torch.testing.assert_close(mse(x + offset, x), torch.tensor([0.01, 0.25]))
    torch.testing.assert_close(distance(x + offset, x), torch.tensor([0.1, 0.5]) * 60**0.5)


@pytest.mark.parametrize("sigma", [0.01, 0.1, 0.3])
def test_psnr_of_known_noise_is_minus_twenty_log_sigma(sigma: float) -> None:
    x = torch.rand(2, 3, 120, 130)
    noise = sigma * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(psnr(x + noise, x), torch.full((2,), -20 * np.log10(sigma)).float(), atol=0.1, rtol=0)


def test_pooled_psnr_is_that_of_one_array_of_all_images() -> None:
    x_hat, x = pair(3, 2, 6, 7)
    x_hat[0] = x[0]  # an exact copy alone is at infinity
    theirs = peak_signal_noise_ratio(x.double().numpy(), x_hat.double().numpy(), data_range=1)
    assert pooled_psnr(x_hat, x) == pytest.approx(theirs, rel=1e-5)


def test_psnr_is_scikit_images() -> None:
    x_hat, x = pair(3, 2, 6, 7)
    theirs = [
        peak_signal_noise_ratio(a.numpy(), b.numpy(), data_range=1)
        for a, b in zip(x.double(), x_hat.double(), strict=True)
    ]
    np.testing.assert_allclose(psnr(x_hat, x).numpy(), theirs, rtol=1e-5)


def test_an_exact_copy_has_infinite_psnr_and_a_similarity_of_one() -> None:
    x = torch.rand(2, 3, 13, 14)
    assert bool(psnr(x, x).isinf().all())
    torch.testing.assert_close(ssim(x, x), torch.ones(2))


@pytest.mark.parametrize("shape", [(3, 1, 11, 11), (2, 3, 32, 25), (2, 4, 17, 48)])
def test_ssim_is_scikit_images(shape: tuple[int, ...]) -> None:
    x_hat, x = pair(*shape)
    theirs = [
        structural_similarity(
            a.numpy(),
            b.numpy(),
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=1,
            channel_axis=0,
        )
        for a, b in zip(x.double(), x_hat.double(), strict=True)
    ]
    np.testing.assert_allclose(ssim(x_hat, x).numpy(), theirs, atol=1e-5)


@pytest.mark.parametrize("shape", [(2, 1, 8, 9), (3, 2, 2, 3), (2, 3, 1, 10)])
def test_ssim_of_images_smaller_than_the_window_mirrors_them(shape: tuple[int, ...]) -> None:
    x_hat, x = (t.double().numpy() for t in pair(*shape))

    def blurred(a: np.ndarray) -> np.ndarray:
        return gaussian_filter(a, sigma=(0, 0, 1.5, 1.5), mode="reflect", truncate=3.5)

    a, b = blurred(x_hat), blurred(x)
    v, w, c = blurred(x_hat**2) - a**2, blurred(x**2) - b**2, blurred(x * x_hat) - a * b
    expected = (2 * a * b + 1e-4) * (2 * c + 9e-4) / ((a**2 + b**2 + 1e-4) * (v + w + 9e-4))
    ours = ssim(torch.from_numpy(x_hat), torch.from_numpy(x))
    np.testing.assert_allclose(ours.numpy(), expected.mean((1, 2, 3)), rtol=1e-9)


def test_rows_of_a_table_have_an_error_too() -> None:
    torch.testing.assert_close(mse(torch.ones(2, 3), torch.zeros(2, 3)), torch.ones(2))


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"one shape, got \(2, 3\) and \(2, 4\)"):
        mse(torch.ones(2, 3), torch.ones(2, 4))
    with pytest.raises(ShapeError, match="one shape"):
        ssim(torch.ones(2, 3, 4, 5), torch.ones(2, 3, 4, 6))


def test_ms_ssim_of_two_constants_is_that_of_brightness_at_the_last_scale() -> None:
    a, b, c1 = 0.3, 0.7, 0.01**2
    x, x_hat = torch.full((2, 3, 180, 200), a).double(), torch.full((2, 3, 180, 200), b).double()
    on_paper = ((2 * a * b + c1) / (a**2 + b**2 + c1)) ** 0.1333
    torch.testing.assert_close(ms_ssim(x_hat, x), torch.full((2,), on_paper).double())
    torch.testing.assert_close(ms_ssim(x, x), torch.ones(2).double())


def test_ms_ssim_is_that_of_pytorch_msssim() -> None:
    """The values that pytorch-msssim 1.0.0 gives, whose window is of float32."""
    height, width = np.mgrid[:192, :224].astype(float)
    x = torch.from_numpy(np.stack([0.5 + 0.4 * np.sin(height / k + width / (k + 3)) for k in (3, 9, 27)]))[None]
    noise = torch.from_numpy(0.1 * np.cos(height * width / 7))
    assert float(ms_ssim(x + noise, x)) == pytest.approx(0.938245, abs=1e-5)


def test_ms_ssim_needs_five_scales() -> None:
    with pytest.raises(ShapeError, match="sides of at least 176, got 175x300"):
        ms_ssim(torch.rand(1, 3, 175, 300), torch.rand(1, 3, 175, 300))
