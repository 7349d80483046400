"""Exact convolutions: they are convolutions, and no order of additions changes a bit."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from copyist.nn.exact import ExactConv, exact_conv, exact_transposed, round_half_up, rounded
from copyist.nn.shallow_synthesis import ShallowSynthesis


def test_halves_are_rounded_up() -> None:
    assert round_half_up(torch.tensor([-1.5, -0.5, 0.5, 1.5, 0.49])).tolist() == [-1, 0, 1, 2, 0]


def test_rounding_passes_its_gradient_on() -> None:
    x = torch.tensor([0.3, 1.7], requires_grad=True)
    rounded(x, unit=0.25).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [1, 1]


def test_exact_products_are_convolutions() -> None:
    h, bias = torch.rand(2, 5, 6, 7).double(), torch.rand(3).double()
    weight = torch.rand(3, 5, 3, 3).double()
    torch.testing.assert_close(exact_conv(h, weight, bias), F.conv2d(h, weight, bias, padding=1))
    wide = torch.rand(5, 3, 4, 4).double()
    expected = F.conv_transpose2d(h, wide, bias, stride=2, padding=1)
    torch.testing.assert_close(exact_transposed(h, wide, stride=2, padding=1, bias=bias), expected)


@pytest.mark.parametrize("rectify", [True, False])
def test_no_order_of_additions_changes_a_bit_of_an_exact_convolution(rectify: bool) -> None:
    """Its answer is that of Python's whole numbers, at the largest weights and activations that it takes."""
    layer = ExactConv(40, 3, rectify=rectify)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        layer.weight.copy_(torch.randint(-(2**24), 2**24, layer.weight.shape, generator=generator) / 2**12)
        layer.bias.copy_(torch.randint(-(2**12), 2**12, layer.bias.shape, generator=generator) / 2**6)
    h = torch.randint(-(2**16), 2**16, (1, 40, 3, 3), generator=generator).double() / 2**4
    found = layer.exact(h)[0, :, 1, 1]
    weights = np.rint(layer.weight.detach().double().numpy() * 2**12).astype(object)
    values = np.rint(h.numpy() * 2**4).astype(object)
    for output in range(3):
        total = int((weights[output] * values[0]).sum()) + int(layer.bias[output] * 2**16)
        bound = max(0 if rectify else -(2**28), min(2**28, total))
        assert float(found[output]) * 2**4 == (bound + 2**11) // 2**12
    order = torch.randperm(40, generator=generator)
    with torch.no_grad():
        layer.weight.copy_(layer.weight[:, order].clone())
    assert torch.equal(layer.exact(h[:, order])[0, :, 1, 1], found)


def test_an_exact_synthesis_is_near_the_usual_one_and_the_same_in_any_order() -> None:
    torch.manual_seed(0)
    synthesis = ShallowSynthesis(12, 6, 3, patch=16)
    linear, z = torch.randn(12, 3, 16, 16) / 16, 60 * torch.randn(1, 12, 3, 4)
    found = synthesis.exact(z, linear=linear)
    usual = F.conv_transpose2d(z, linear, stride=16) + synthesis(z)
    assert (found - usual).abs().max() < 0.25  # gray levels
    order = torch.randperm(12)
    with torch.no_grad():
        synthesis.widen.weight.copy_(synthesis.widen.weight[order].clone())
    assert torch.equal(synthesis.exact(z[:, order], linear=linear[order]), found)
