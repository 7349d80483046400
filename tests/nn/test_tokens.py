import math

import pytest
import torch

from copyist.nn.tokens import SelfAttention, TokenBlock, sincos_positions


def tokens() -> torch.Tensor:
    return torch.randn(2, 5, 6, generator=torch.Generator().manual_seed(0))


def test_attention_is_its_formula_written_out_per_head_and_token() -> None:
    attention, h = SelfAttention(6, heads=3), tokens()
    with torch.no_grad():
        q, k, v = (
            h @ weight.T + bias
            for weight, bias in zip(attention.qkv.weight.chunk(3), attention.qkv.bias.chunk(3), strict=True)
        )
        mixed = torch.zeros(2, 5, 6)
        for head in (slice(0, 2), slice(2, 4), slice(4, 6)):
            for image in range(2):
                for token in range(5):
                    weights = [
                        math.exp(float(q[image, token, head] @ k[image, other, head]) / math.sqrt(2))
                        for other in range(5)
                    ]
                    for other in range(5):
                        mixed[image, token, head] += weights[other] / sum(weights) * v[image, other, head]
        on_paper = mixed @ attention.output.weight.T + attention.output.bias
        torch.testing.assert_close(attention(h), on_paper, rtol=1e-4, atol=1e-5)


def test_a_block_treats_all_tokens_alike() -> None:
    block, h = TokenBlock(6, heads=2), tokens()
    order = torch.tensor([3, 0, 4, 1, 2])
    with torch.no_grad():
        torch.testing.assert_close(block(h[:, order]), block(h)[:, order], rtol=1e-4, atol=1e-5)


def test_a_block_that_writes_nothing_passes_its_tokens_on() -> None:
    block, h = TokenBlock(6, heads=2), tokens()
    with torch.no_grad():
        for part in (block.attention.output, block.mlp[2]):
            for weight in part.parameters():
                weight.zero_()
        assert torch.equal(block(h), h)


def test_a_token_alone_attends_to_itself() -> None:
    attention, h = SelfAttention(6, heads=2), tokens()[:, :1]
    with torch.no_grad():
        value = h @ attention.qkv.weight[12:].T + attention.qkv.bias[12:]
        on_paper = value @ attention.output.weight.T + attention.output.bias
        torch.testing.assert_close(attention(h), on_paper, rtol=1e-4, atol=1e-5)


def test_sincos_positions_on_paper() -> None:
    # Eight units: two frequencies, 1 and 100^(−1/2) = 0.1, as sines and cosines of row and of column.
    places = sincos_positions(3, 5, width=8)
    assert places.shape == (15, 8)
    row, column = 2, 3
    on_paper = [f(k * place) for place in (row, column) for f in (math.sin, math.cos) for k in (1, 0.1)]
    assert places[row * 5 + column].tolist() == pytest.approx(on_paper, abs=1e-6)


def test_no_two_places_are_alike_and_neighbors_are_the_most_alike() -> None:
    places = sincos_positions(6, 7, width=16)
    apart = torch.cdist(places, places) + 1e9 * torch.eye(42)
    assert apart.min() > 0.1
    index = torch.arange(42)
    nearest = apart.argmin(1)
    steps = (index // 7 - nearest // 7).abs() + (index % 7 - nearest % 7).abs()
    assert (steps == 1).all()
