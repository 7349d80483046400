"""The projected gain of linear maps is the trace of their matrix over its size."""

import pytest
import torch

from copyist.errors import ArgumentError, ShapeError
from copyist.metrics.identity import projected_gain


def g(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_identity_passes_all_noise_and_a_constant_none() -> None:
    x = torch.rand(4, 3, 5, 6, generator=g())
    torch.testing.assert_close(projected_gain(lambda x: x, x, sigma=0.1, generator=g()), torch.ones(4))
    torch.testing.assert_close(projected_gain(torch.zeros_like, x, sigma=0.1, generator=g()), torch.zeros(4))


@pytest.mark.parametrize("sigma", [0.05, 1.0])
def test_the_gain_of_a_matrix_is_its_trace_over_its_size(sigma: float) -> None:
    matrix = torch.randn(12, 12, generator=g(1)) / 12**0.5 + 0.3 * torch.eye(12)
    x = torch.rand(20_000, 2, 2, 3, generator=g())
    gain = projected_gain(lambda x: (x.flatten(1) @ matrix.T).view_as(x), x, sigma=sigma, generator=g(2))
    assert gain.mean().item() == pytest.approx(matrix.trace().item() / 12, abs=0.01)


def test_a_map_that_changes_the_shape_is_refused() -> None:
    with pytest.raises(ShapeError, match="one shape"):
        projected_gain(lambda x: x[:, :1], torch.rand(2, 3, 4, 5), sigma=0.1, generator=g())


def test_noise_of_no_size_is_refused() -> None:
    with pytest.raises(ArgumentError, match="sigma must be greater than 0"):
        projected_gain(lambda x: x, torch.rand(2, 3, 4, 5), sigma=0.0, generator=g())
