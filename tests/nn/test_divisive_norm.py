"""Generalized divisive normalization is its formula, place by place."""

import numpy as np
import pytest
import torch

from copyist.nn.divisive_norm import DivisiveNorm

H = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def drawn(order: int) -> DivisiveNorm:
    layer = DivisiveNorm(3, order=order).double()
    g = torch.Generator().manual_seed(1)
    with torch.no_grad():
        layer.root_gamma.copy_(torch.rand(3, 3, generator=g))
        layer.root_beta.copy_(torch.rand(3, generator=g))
    return layer


@pytest.mark.parametrize("order", [1, 2])
def test_each_channel_is_divided_by_the_pool_of_all_at_its_place(order: int) -> None:
    layer = drawn(order)
    beta = layer.root_beta.detach().numpy() ** 2 + 1e-6
    gamma = layer.root_gamma.detach().numpy() ** 2
    found = layer(H).detach().numpy()
    for image, row, column in np.ndindex(2, 4, 5):
        x = H[image, :, row, column].numpy()
        for channel in range(3):
            pool = beta[channel] + sum(gamma[channel, other] * abs(x[other]) ** order for other in range(3))
            assert found[image, channel, row, column] == pytest.approx(x[channel] / pool ** (1 / order), rel=1e-12)


@pytest.mark.parametrize("order", [1, 2])
def test_contrast_far_beyond_the_constant_no_longer_matters(order: int) -> None:
    layer = drawn(order)
    torch.testing.assert_close(layer(1e6 * H), layer(1e8 * H), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("order", [1, 2])
def test_gradients_are_those_of_finite_differences(order: int) -> None:
    layer = drawn(order)

    def divided(h: torch.Tensor, beta: torch.Tensor, gamma: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = torch.func.functional_call(layer, {"root_beta": beta, "root_gamma": gamma}, (h,))
        return found

    points = [each.detach().clone().requires_grad_() for each in (H, layer.root_beta, layer.root_gamma)]
    assert torch.autograd.gradcheck(divided, points)


def test_every_weight_gets_a_gradient_at_the_start() -> None:
    layer = DivisiveNorm(3)
    layer(H.float()).square().sum().backward()
    assert all((weight.grad is not None) and bool((weight.grad != 0).all()) for weight in layer.parameters())
