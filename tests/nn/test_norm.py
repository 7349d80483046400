"""Normalizations are their formula, over the positions they say."""

import pytest
import torch
from torch import Tensor

from copyist.nn.norm import STATISTICS, Statistics, normalization


def normalized(h: Tensor, dims: tuple[int, ...]) -> Tensor:
    variance, mean = torch.var_mean(h, dim=dims, correction=0, keepdim=True)
    return (h - mean) / (variance + 1e-5).sqrt()


H = torch.rand(5, 6, 3, 4, generator=torch.Generator().manual_seed(0)) * 3 - 1


def test_every_kind_is_its_formula() -> None:
    on_paper: dict[Statistics, Tensor] = {
        "batch": normalized(H, (0, 2, 3)),
        "running": normalized(H, (0, 2, 3)),
        "image": normalized(H, (2, 3)),
        # Six groups of one map each, for eight do not divide six.
        "group": normalized(H, (2, 3)),
        "none": H,
    }
    assert set(on_paper) == set(STATISTICS)
    for statistics, expected in on_paper.items():
        torch.testing.assert_close(normalization(6, statistics)(H), expected, rtol=1e-4, atol=1e-5)


def test_running_statistics_are_used_once_training_is_over() -> None:
    layer = normalization(6, "running")
    layer(H)
    # A tenth of the way from mean 0 and variance 1, the latter without bias.
    variance, mean = torch.var_mean(H, dim=(0, 2, 3), keepdim=True)
    expected = (H - 0.1 * mean) / (0.9 + 0.1 * variance + 1e-5).sqrt()
    torch.testing.assert_close(layer.eval()(H), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("channels", "groups"), [(1, 1), (6, 6), (7, 7), (16, 8), (24, 8), (20, 5), (11, 1)])
def test_there_are_eight_groups_or_as_many_as_divide_the_maps(channels: int, groups: int) -> None:
    assert normalization(channels, "group").num_groups == groups


@pytest.mark.parametrize("statistics", sorted(set(STATISTICS) - {"none"}))
def test_what_is_normalized_is_scaled_and_shifted_by_learned_numbers(statistics: Statistics) -> None:
    layer = normalization(6, statistics)
    assert {name: tuple(weight.shape) for name, weight in layer.named_parameters()} == {"weight": (6,), "bias": (6,)}
