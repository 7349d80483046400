"""Blocks and resampling have the shapes and the spread of weights they say."""

from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from copyist.nn.conv import ConvBlock, Downsample, Upsample, initialize


def test_resampling_halves_and_doubles() -> None:
    h = torch.rand(2, 3, 8, 6)
    assert torch.equal(Downsample()(h), h.reshape(2, 3, 4, 2, 3, 2).amax(dim=(3, 5)))
    assert Upsample(3, 5)(h).shape == (2, 5, 16, 12)


@pytest.mark.parametrize("statistics", ["batch", "none"])
def test_a_bias_stands_only_where_nothing_takes_it_out(statistics: str) -> None:
    block = ConvBlock(3, 5, convolutions=2, statistics=statistics)  # pyright: ignore[reportArgumentType]
    convolutions = [part for part in block.modules() if isinstance(part, nn.Conv2d)]
    assert [(part.in_channels, part.out_channels) for part in convolutions] == [(3, 5), (5, 5)]
    assert all((part.bias is not None) == (statistics == "none") for part in convolutions)
    assert block(torch.rand(2, 3, 4, 7)).shape == (2, 5, 4, 7)
    assert block(torch.rand(2, 3, 4, 7)).min() >= 0


@pytest.mark.parametrize(
    ("layer", "variance"),
    [
        (nn.Conv2d(64, 70, 3), 2 / (64 * 9)),
        (nn.ConvTranspose2d(64, 70, 2, stride=2), 1 / 64),
        (nn.ConvTranspose2d(64, 70, 3, stride=2), 4 / (9 * 64)),
        (nn.Linear(300, 200), 1 / 300),
        (nn.Conv2d(64, 70, 3, bias=False), 2 / (64 * 9)),
    ],
)
def test_weights_are_drawn_with_the_variance_on_paper(layer: nn.Module, variance: float) -> None:
    initialize(layer)
    weight = dict(layer.named_parameters())["weight"].detach()
    # Five standard errors of a variance.
    assert float(weight.var()) == pytest.approx(variance, rel=5 * (2 / weight.numel()) ** 0.5)
    assert all(not value.any() for name, value in layer.named_parameters() if name == "bias")


def test_variance_goes_through_layers_without_a_rectifier_unchanged() -> None:
    layers = [nn.Linear(400, 500), nn.ConvTranspose2d(40, 50, 2, stride=2)]
    for layer, h in zip(layers, (torch.randn(300, 400), torch.randn(30, 40, 5, 6)), strict=True):
        initialize(layer)
        assert float(layer(h).detach().var()) == pytest.approx(1, rel=0.1)


def test_mean_squares_go_through_a_convolution_behind_a_rectifier_unchanged() -> None:
    layer = nn.Conv2d(60, 70, 3)
    initialize(layer)
    assert float(layer(torch.randn(10, 60, 8, 9).relu()).detach().square().mean()) == pytest.approx(1, rel=0.1)


def test_upsampling_is_the_transposed_convolution_in_either_layout() -> None:
    torch.manual_seed(0)
    upsample = Upsample(3, 5)
    x = torch.randn(2, 3, 4, 7)
    expected = F.conv_transpose2d(x, upsample.weight, upsample.bias, stride=2)
    torch.testing.assert_close(upsample(x), expected)
    found = upsample(x.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(found, expected)
    assert found.is_contiguous(memory_format=torch.channels_last), (
        "the layers that follow find the layout they are fast in"
    )


def test_a_block_with_an_embedding_is_at_first_the_block_without() -> None:
    plain = ConvBlock(3, 5, convolutions=2, statistics="group")
    taught = ConvBlock(3, 5, convolutions=2, statistics="group", embedding=7)
    taught.load_state_dict(plain.state_dict(), strict=False)
    h, e = torch.rand(2, 3, 4, 6), torch.randn(2, 7)
    assert torch.equal(taught(h, e), plain(h))
    assert set(taught.state_dict()) - set(plain.state_dict()) == {"modulation"}


def test_an_embedding_scales_and_shifts_every_normalized_map_before_the_relu() -> None:
    block = ConvBlock(3, 5, convolutions=2, statistics="group", embedding=7)
    with torch.no_grad():
        assert block.modulation is not None
        block.modulation.normal_(generator=torch.Generator().manual_seed(0))
        h, e = torch.rand(2, 3, 4, 6), torch.randn(2, 7)
        on_paper, rows = h, torch.cat([e, torch.ones(2, 1)], dim=1)
        for index, layer in enumerate(block.layers):
            start = 10 * index
            a, b = (rows @ block.modulation[start + 5 * k : start + 5 * k + 5].T for k in (0, 1))
            on_paper = ((1 + a)[:, :, None, None] * layer(on_paper) + b[:, :, None, None]).clamp_min(0)
        torch.testing.assert_close(block(h, e), on_paper)


def test_a_residual_block_with_zeros_in_its_last_convolution_is_its_shortcut() -> None:
    x = torch.randn(2, 3, 4, 7)
    for outputs in (3, 5):
        block = ConvBlock(3, outputs, convolutions=2, statistics="group", residual=True)
        nn.init.zeros_(dict(block.named_parameters())["layers.1.conv.weight"])
        assert block.shortcut is not None
        on_paper = (
            x if outputs == 3 else torch.einsum("oi,bihw->bohw", block.get_parameter("shortcut.weight")[..., 0, 0], x)
        )
        torch.testing.assert_close(block(x), on_paper)


def test_a_residual_block_adds_what_it_was_given_to_maps_that_nothing_rectifies() -> None:
    block = ConvBlock(3, 3, convolutions=3, statistics="image", residual=True)
    x = torch.randn(2, 3, 4, 7)
    first, second, third = block.layers
    torch.testing.assert_close(block(x) - x, third(second(first(x).relu()).relu()))
    assert (block(x) - x).min() < 0
    assert [name for name, _ in block.named_parameters() if "shortcut" in name] == []


def test_the_embedding_of_a_residual_block_reaches_the_maps_it_adds_alone() -> None:
    block = ConvBlock(3, 3, convolutions=2, statistics="group", residual=True, embedding=7)
    x, e = torch.randn(2, 3, 4, 6), torch.randn(2, 7)
    with torch.no_grad():
        assert block.modulation is not None
        # The last normalized maps are scaled by 1 − 1, whatever the embedding.
        block.modulation.normal_()
        block.modulation[6:9].zero_()[:, -1] = -1
        block.modulation[9:12].zero_()
        torch.testing.assert_close(block(x, e), x)


@pytest.mark.parametrize("num_blocks", [1, 9])
def test_residual_blocks_together_let_mean_squares_grow_by_no_more_than_e(num_blocks: int) -> None:
    widths = [48, *(64 if index % 2 else 80 for index in range(num_blocks))]
    blocks = nn.Sequential(
        *(ConvBlock(a, b, convolutions=2, statistics="none", residual=True) for a, b in pairwise(widths))
    )
    torch.manual_seed(0)
    initialize(blocks)
    x = torch.randn(8, 48, 12, 10)
    with torch.no_grad():
        grown = float(blocks(x).square().mean() / x.square().mean())
    # Zeros beyond the edges take some of what the branches would add.
    assert grown == pytest.approx((1 + 1 / num_blocks) ** num_blocks, rel=0.2)
