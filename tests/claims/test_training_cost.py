"""What drawing and training cost, where the answer is known on paper."""

import math

import pytest
import torch
from torch import nn

from copyist.claims.measures.training_cost import equal_distance_time, held_for_backward, parameters


def test_a_linear_layer_keeps_its_input_and_a_tanh_its_output() -> None:
    layers = nn.Sequential(nn.Linear(1000, 500), nn.Tanh(), nn.Linear(500, 2))
    x = torch.zeros(8, 1000)
    # The output of tanh is the input of the next layer, and is kept once; weights are not counted.
    assert held_for_backward(layers, x) == pytest.approx(4 * (1000 + 500) / 1e6)
    assert parameters(layers) == 1001 * 500 + 501 * 2
    # Of a larger set only the images that were given.
    assert held_for_backward(layers, torch.zeros(80, 1000)[:8]) == held_for_backward(layers, x)


def test_nothing_waits_where_nothing_is_differentiated() -> None:
    assert held_for_backward(nn.Linear(10, 10).requires_grad_(requires_grad=False), torch.zeros(1, 10)) == 0


def test_the_time_to_an_equal_distance() -> None:
    # The distance is 1 / time, and 3 / time: as near after a third of the time, if that lies between the two times.
    near, far = {0.25: 4.0, 1.0: 1.0}, {0.25: 12.0, 1.0: 3.0}
    assert equal_distance_time(near, far) == pytest.approx(1 / 3)
    assert equal_distance_time(far, near) == pytest.approx(3)
    # Beyond the two times nothing is known.
    assert equal_distance_time({0.25: 0.2, 1.0: 0.1}, far) == 0.25
    assert equal_distance_time(far, far) == 1


def test_a_longer_training_that_is_worse_counts_for_nothing() -> None:
    assert equal_distance_time({0.25: 2.0, 1.0: 5.0}, {0.25: 8.0, 1.0: 2.0}) == 0.25
    assert math.isfinite(equal_distance_time({0.25: 2.0, 1.0: 2.0}, {0.25: 1.0, 1.0: 1.0}))
