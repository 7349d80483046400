"""Fully connected layers: their first weights have the spread on paper, and a transposed one has no weights."""

import math
from typing import Any

import pytest
import torch
from torch import nn

from copyist.nn.dense import Activation, Transposed, draw_weights


@pytest.mark.parametrize(
    ("how", "activation", "std"),
    [
        ("normal", "sigmoid", 0.01),
        # The standard deviation of U(−a, a) is a/√3.
        ("glorot", "tanh", math.sqrt(6 / (300 + 200) / 3)),
        ("glorot", "sigmoid", 4 * math.sqrt(6 / (300 + 200) / 3)),
        ("he", "relu", math.sqrt(2 / 300)),
        ("uniform", "relu", math.sqrt(1 / 300 / 3)),
    ],
)
def test_weights_are_drawn_with_the_spread_on_paper(how: Any, activation: Activation, std: float) -> None:
    layer = nn.Linear(300, 200)
    draw_weights(layer, how, activation=activation)
    assert float(layer.weight.detach().std()) == pytest.approx(std, rel=0.02)
    # Sixty thousand draws average to nothing, up to four standard errors.
    assert abs(float(layer.weight.detach().mean())) < 4 * std / math.sqrt(60_000)
    assert bool(layer.bias.any()) == (how == "uniform")


@pytest.mark.parametrize("how", ["glorot", "uniform"])
def test_uniform_weights_reach_their_bound_and_no_further(how: Any) -> None:
    layer = nn.Linear(300, 200)
    draw_weights(layer, how, activation="tanh")
    bound = math.sqrt(6 / 500) if how == "glorot" else math.sqrt(1 / 300)
    assert 0.99 * bound < float(layer.weight.detach().abs().max()) <= bound


def test_a_transposed_layer_multiplies_by_the_other_ones_weights_turned_round() -> None:
    layer = nn.Linear(3, 5)
    turned = Transposed(layer)
    h = torch.rand(4, 5)
    with torch.no_grad():
        turned.bias.copy_(torch.rand(3))
        torch.testing.assert_close(turned(h), torch.einsum("oi,bo->bi", layer.weight, h) + turned.bias)
    assert [tuple(weight.shape) for weight in turned.parameters()] == [(3,)]
    turned(h).sum().backward()
    assert layer.weight.grad is not None
