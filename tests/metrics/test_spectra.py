"""Spectra: waves, white noise and constants have theirs on paper."""

import math

import pytest
import torch

from copyist.errors import ShapeError
from copyist.metrics.spectra import high_frequency_energy, high_frequency_share, radial_spectrum


def wave(cycles: int, height: int = 12, width: int = 16, amplitude: float = 0.5) -> torch.Tensor:
    row = amplitude * torch.cos(2 * math.pi * cycles * torch.arange(width) / width)
    return (0.5 + row).expand(1, 1, height, width)


def test_white_noise_has_its_variance_on_every_ring() -> None:
    x = 0.3 * torch.randn(800, 3, 20, 24, generator=torch.Generator().manual_seed(0))
    spectrum = radial_spectrum(x)
    torch.testing.assert_close(spectrum.power.mean(0), torch.full((10,), 0.09), rtol=0.03, atol=0)
    torch.testing.assert_close(spectrum.frequency, torch.arange(1, 11) / 20)
    assert spectrum.power.shape == (800, 10)


def test_all_of_a_waves_power_is_on_its_ring() -> None:
    power = radial_spectrum(wave(4, height=16)).power[0]
    assert power.argmax() == 3
    assert power[3] / power.sum() > 1 - 1e-6


def test_the_energy_of_a_fine_wave_is_half_its_squared_amplitude_and_that_of_a_coarse_one_nothing() -> None:
    x = torch.cat([wave(6), wave(3), wave(4)])
    torch.testing.assert_close(high_frequency_energy(x), torch.tensor([0.125, 0.0, 0.0]), atol=1e-7, rtol=0)


def test_the_share_of_a_faded_copy_is_the_square_of_its_contrast() -> None:
    x = torch.rand(5, 3, 9, 14, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(high_frequency_share(0.3 + 0.4 * x, x), torch.full((5,), 0.16))


def test_a_copy_of_a_flat_image_has_no_share() -> None:
    assert bool(high_frequency_share(torch.zeros(1, 1, 4, 6), torch.zeros(1, 1, 4, 6)).isnan().all())


def test_an_image_one_pixel_high_has_no_spectrum() -> None:
    with pytest.raises(ShapeError, match="at least 2 pixels high and wide, got 1x9"):
        radial_spectrum(torch.zeros(1, 1, 1, 9))
