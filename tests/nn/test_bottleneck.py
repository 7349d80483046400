"""The module that forgets keeps sizes, and no more than its narrowest layer."""

from typing import Any

import pytest
import torch
from torch import nn

from copyist.nn.bottleneck import Bottleneck


@pytest.mark.parametrize("size", [(2, 2), (2, 3), (5, 4), (7, 9), (8, 6)])
def test_maps_of_any_size_come_back_in_their_size(size: tuple[int, int]) -> None:
    module = Bottleneck(maps=3, size=size, widths=(6, 4))
    h = torch.rand(5, 3, *size)
    assert module.encode(h).shape == (5, 4)
    assert module.decode(module.encode(h)).shape == h.shape


def test_it_strides_to_256_maps_and_has_linear_layers_as_told() -> None:
    module = Bottleneck(maps=3, size=(6, 8), widths=(500, 100, 50))
    convolution = next(part for part in module.modules() if isinstance(part, nn.Conv2d))
    assert (convolution.out_channels, convolution.stride) == (256, (2, 2))
    linears = [(part.in_features, part.out_features) for part in module.modules() if isinstance(part, nn.Linear)]
    flat = 256 * 3 * 4
    assert linears == [(flat, 500), (500, 100), (100, 50), (50, flat)]


@pytest.mark.parametrize("widths", [(3,), (9, 3), (3, 9), (7, 3, 5)])
def test_it_is_one_linear_map_of_the_rank_of_its_narrowest_layer(widths: tuple[int, ...]) -> None:
    module = Bottleneck(maps=2, size=(3, 4), widths=widths).double()
    h = torch.rand(1, 2, 3, 4, dtype=torch.float64)
    jacobian: Any = torch.autograd.functional.jacobian
    whole = jacobian(lambda h: module.decode(module.encode(h)), h).reshape(24, 24)
    assert int(torch.linalg.matrix_rank(whole, rtol=1e-10)) == 3
    elsewhere = jacobian(lambda h: module.decode(module.encode(h)), 1 - h).reshape(24, 24)
    torch.testing.assert_close(whole, elsewhere)
