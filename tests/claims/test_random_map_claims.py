"""What claims about random maps compute, of maps whose inversions are known on paper."""

import math

import pytest
import torch
from scipy import stats
from torch import nn
from torch.nn import functional as F

from copyist.claims.each import random_convolutions_write_no_gaussian_noise as convolutions
from copyist.claims.each import untrained_representations_are_gaussian as dense
from copyist.claims.trial import Trial
from copyist.metrics.tails import normal_tail


def g(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_of_what_a_filter_wrote_nothing_is_left() -> None:
    difference = torch.rand(3, 1, 9, 11, generator=g())
    kernel = torch.rand(1, 1, 5, 5, generator=g(1))
    left = convolutions._unfiltered(F.conv2d(difference, kernel, padding=2), difference)
    torch.testing.assert_close(left, torch.zeros_like(left), rtol=0, atol=1e-5)


def test_noise_beside_a_filter_is_left_but_for_the_directions_of_the_filter() -> None:
    difference, noise = torch.rand(3, 1, 19, 21, generator=g()), torch.randn(3, 1, 19, 21, generator=g(1))
    left = convolutions._unfiltered(0.3 * difference + noise, difference)
    assert left.square().mean().item() == pytest.approx(1 - 25 / (19 * 21), abs=0.1)


def test_a_map_that_keeps_every_fourth_value_adds_more_than_normal_noise_and_a_random_one_does_not(
    trial: Trial,
) -> None:
    x = 0.5 + 0.1 * torch.randn(48, 1, 16, 16, generator=g())
    torch.manual_seed(0)
    keeping, random = nn.Linear(256, 64), nn.Linear(256, 64)
    with torch.no_grad():
        keeping.weight.copy_(torch.eye(256)[::4])
    nets = {"kept": nn.Sequential(nn.Flatten(), keeping), "random": nn.Sequential(nn.Flatten(), random)}
    found = {name: convolutions._added(trial, net, x) for name, net in nets.items()}
    assert found["kept"].converged == found["random"].converged == 1.0
    # A quarter of normal values at ¾ of their size, the rest at −¼: the excess kurtosis of such a mixture is on paper.
    mean_square, fourth = (9 + 3) / 64, 3 * (81 + 3) / 1024
    assert found["kept"].kurtosis == pytest.approx(fourth / mean_square**2 - 3, abs=0.8)
    assert found["kept"].excess > 0.05 > found["random"].excess
    assert found["random"].size == pytest.approx((0.25 * 0.75) ** 0.5, abs=0.06)


def test_a_net_that_does_not_let_go_of_its_start_has_no_numbers(trial: Trial) -> None:
    class Nowhere(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.round()

    found = convolutions._added(trial, Nowhere(), torch.rand(2, 1, 8, 8, generator=g()))
    assert found.converged == 0.0
    assert math.isnan(found.excess)


def test_the_share_of_large_values_of_normal_noise_is_that_of_a_normal_law() -> None:
    values = dense._tails(torch.randn(300, 1024, generator=g()))
    assert values["tail_normal"] == normal_tail(1024, 3 / 32)
    assert values["tail_over_normal"] == pytest.approx(2 * stats.norm.sf(3) / values["tail_normal"], abs=0.1)
    assert values["tail_over_bound"] == values["tail"] / (2 * math.exp(-9 / 4))


def test_maps_in_a_row_leave_what_one_map_of_their_product_leaves(trial: Trial) -> None:
    x = torch.rand(2, 1, 8, 8, generator=g())
    for depth in dense.DEPTHS:
        x_hat = dense._stacked(trial, x, depth)
        written = x_hat - 0.5
        # A projection onto a quarter of the dimensions: what is written is as long as its part along a − start.
        torch.testing.assert_close(written.square().sum(1), (written * (x.flatten(1) - 0.5)).sum(1), rtol=1e-3, atol=0)
