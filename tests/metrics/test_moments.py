"""Moments of maps, channel by channel, against laws whose moments are known."""

import pytest
import scipy.stats
import torch

from copyist.errors import ArgumentError, ShapeError
from copyist.metrics.moments import channel_moments


def test_moments_are_those_of_scipy_in_any_parts() -> None:
    z = torch.randn(7, 3, 4, 5, generator=torch.Generator().manual_seed(0)).exp() + 1000
    found, rows = channel_moments(z.split(3)), z.double().transpose(0, 1).flatten(1).numpy()
    for name, expected in {
        "mean": rows.mean(1),
        "std": rows.std(1),
        "skewness": scipy.stats.skew(rows, axis=1),
        "kurtosis": scipy.stats.kurtosis(rows, axis=1),
    }.items():
        torch.testing.assert_close(getattr(found, name), torch.from_numpy(expected))


def test_a_normal_channel_is_told_from_a_uniform_and_a_constant_one() -> None:
    generator = torch.Generator().manual_seed(0)
    normal = torch.randn(50, 1, 40, 40, generator=generator)
    uniform = torch.rand(50, 1, 40, 40, generator=generator)
    found = channel_moments([torch.cat([normal, uniform, torch.full_like(normal, 0.3)], 1)])
    torch.testing.assert_close(found.kurtosis, torch.tensor([0.0, -1.2, 0.0]).double(), rtol=0, atol=0.05)
    torch.testing.assert_close(found.skewness, torch.zeros(3).double(), rtol=0, atol=0.03)


def test_what_has_no_moments_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^moments need finite values, got none$"):
        channel_moments([])
    with pytest.raises(ArgumentError, match=r"^moments need finite values, got others$"):
        channel_moments([torch.full((1, 2, 3, 4), torch.nan)])
    with pytest.raises(ShapeError, match=r"^maps must have shape \(B, C, H, W\), got \(2, 3\)$"):
        channel_moments([torch.zeros(2, 3)])
