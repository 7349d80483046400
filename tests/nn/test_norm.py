"""Normalizations are their formula, over the positions they say."""

import pytest
import torch
from torch import Tensor

from copyist.nn.conv import ConvBlock
from copyist.nn.norm import STATISTICS, Statistics, normalization, weigh_images


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


COUNTS = torch.tensor([3, 1, 2, 1, 4])
REPEATED = torch.repeat_interleave(torch.arange(5), COUNTS)
FIRST = COUNTS.cumsum(0) - COUNTS


@pytest.mark.parametrize("statistics", STATISTICS)
def test_an_image_that_counts_several_times_is_an_image_that_stands_there_several_times(statistics: Statistics) -> None:
    layer = normalization(6, statistics).eval()
    with weigh_images(layer, COUNTS):
        weighed = layer(H)
    torch.testing.assert_close(weighed, layer(H[REPEATED])[FIRST], rtol=1e-5, atol=1e-6)
    assert statistics != "batch" or not torch.allclose(weighed, layer(H), atol=1e-2)


def test_weighed_images_have_the_gradients_of_repeated_ones() -> None:
    layer = normalization(6, "batch")
    once, several = (H.clone().requires_grad_() for _ in range(2))
    direction = torch.rand(H.shape, generator=torch.Generator().manual_seed(1))
    with weigh_images(layer, COUNTS):
        (layer(once) * direction).sum().backward()
        assert layer(H.bfloat16()).dtype == torch.bfloat16
    (layer(several[REPEATED])[FIRST] * direction).sum().backward()
    assert once.grad is not None
    assert several.grad is not None
    torch.testing.assert_close(once.grad, several.grad, rtol=1e-3, atol=1e-5)


def test_a_block_with_an_embedding_weighs_images_too() -> None:
    block = ConvBlock(6, 4, convolutions=2, statistics="batch", embedding=3)
    assert block.modulation is not None
    torch.nn.init.normal_(block.modulation, generator=torch.Generator().manual_seed(2))
    e = torch.rand(5, 3, generator=torch.Generator().manual_seed(3))
    with torch.no_grad(), weigh_images(block, COUNTS):
        weighed = block(H, e)
    torch.testing.assert_close(weighed, block(H[REPEATED], e[REPEATED])[FIRST], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(block(H, e), block(H, e))


def test_weights_end_with_their_context_even_by_an_error() -> None:
    layer = normalization(6, "batch")
    before = layer(H)
    with pytest.raises(RuntimeError), weigh_images(layer, COUNTS):
        layer(H[:2])
    assert torch.equal(layer(H), before)
