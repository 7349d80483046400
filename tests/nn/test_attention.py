"""Attention weighs positions as the formula says, wherever they are, and at the cost it names."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode

from copyist.errors import ArgumentError
from copyist.nn.attention import DotAttention, LinearAttention

Layer = type[LinearAttention] | type[DotAttention]
EITHER = pytest.mark.parametrize("layer", [LinearAttention, DotAttention])


def maps(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def made(layer: Layer, count: int, *, heads: int, head_width: int) -> nn.Module:
    torch.manual_seed(3)
    return layer(count, heads=heads, head_width=head_width).double()


def softmax(values: list[float]) -> list[float]:
    powers = [math.exp(value) for value in values]
    return [power / sum(powers) for power in powers]


def weights_by_hand(kind: str, q: list[list[float]], k: list[list[float]]) -> list[list[float]]:
    """How much each position takes from each other, one pair at a time."""
    positions, width = range(len(q)), range(len(q[0]))
    if kind == "dot":
        return [
            softmax([sum(q[n][d] * k[m][d] for d in width) / math.sqrt(len(width)) for m in positions])
            for n in positions
        ]
    over_features = [softmax(q[n]) for n in positions]
    over_positions = [softmax([k[m][d] for m in positions]) for d in width]
    return [
        [sum(over_features[n][d] * over_positions[d][m] for d in width) / math.sqrt(len(width)) for m in positions]
        for n in positions
    ]


def attended_by_hand(kind: str, layer: Any, h: Tensor, *, heads: int, head_width: int) -> Tensor:
    """Loops over images, heads, positions and pairs of positions, up to the output's convolution."""
    batch, _, height, width = h.shape
    features = heads * head_width
    matrix = layer.project.weight[:, :, 0, 0]  # rows: all of q, all of k, all of v, each head by head
    out = torch.zeros(batch, features, height * width, dtype=h.dtype)
    for image in range(batch):
        tokens = (matrix @ h[image].flatten(1)).T  # (H·W, 3·features)
        for head in range(heads):
            q, k, v = (tokens[:, part * features + head * head_width :][:, :head_width].tolist() for part in range(3))
            for n, row in enumerate(weights_by_hand(kind, q, k)):
                for e in range(head_width):
                    taken = sum(weight * v[m][e] for m, weight in enumerate(row))
                    out[image, head * head_width + e, n] = taken
    mixed = torch.einsum("cf,bfn->bcn", layer.output.weight[:, :, 0, 0], out) + layer.output.bias[:, None]
    return mixed.reshape(h.shape)


@torch.no_grad()
def test_dot_attention_is_a_softmax_over_pairs_of_positions() -> None:
    layer, h = made(DotAttention, 5, heads=2, head_width=4), maps(2, 5, 3, 4)
    by_hand = attended_by_hand("dot", layer, h, heads=2, head_width=4)
    torch.testing.assert_close(layer(h), by_hand, rtol=1e-10, atol=1e-12)


@torch.no_grad()
def test_linear_attention_is_a_product_of_two_softmaxes_normalized_per_image() -> None:
    layer, h = made(LinearAttention, 5, heads=2, head_width=4), maps(2, 5, 3, 4)
    by_hand = attended_by_hand("linear", layer, h, heads=2, head_width=4).flatten(1)
    centered = by_hand - by_hand.mean(dim=1, keepdim=True)
    normalized = centered / (centered.square().mean(dim=1, keepdim=True) + 1e-5).sqrt()
    torch.testing.assert_close(layer(h).flatten(1), normalized, rtol=1e-9, atol=1e-11)


@torch.no_grad()
@pytest.mark.parametrize(("layer", "total"), [(LinearAttention, 1 / math.sqrt(7)), (DotAttention, 1.0)])
def test_a_position_s_weights_sum_to_one_but_for_the_scale_of_linear_attention(layer: Layer, total: float) -> None:
    attending: Any = made(layer, 3, heads=2, head_width=7)
    h = maps(2, 3, 4, 5)
    h[:, 2] = 1
    # The values read the constant map alone: what all positions hold alike comes out as the sum of the weights.
    values = attending.project.weight[28:]
    values[:, :2] = 0
    seen: list[Tensor] = []

    def keep(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen.append(inputs[0])

    attending.output.register_forward_pre_hook(keep)
    attending(h)
    expected = total * values[:, 2, 0, 0][None, :, None, None].expand(2, 14, 4, 5)
    torch.testing.assert_close(seen[0], expected, rtol=1e-10, atol=1e-12)


@EITHER
@torch.no_grad()
def test_positions_in_another_order_are_answered_in_that_order(layer: Layer) -> None:
    attending, h = made(layer, 6, heads=3, head_width=5), maps(2, 6, 4, 7)
    order = torch.randperm(28, generator=torch.Generator().manual_seed(1))

    def reordered(h: Tensor) -> Tensor:
        return h.flatten(2)[:, :, order].reshape(h.shape)

    torch.testing.assert_close(attending(reordered(h)), reordered(attending(h)), rtol=1e-10, atol=1e-12)


@EITHER
@torch.no_grad()
def test_every_position_hears_of_every_other(layer: Layer) -> None:
    attending, h = made(layer, 3, heads=2, head_width=4), maps(1, 3, 4, 5)
    moved = h.clone()
    moved[:, :, 3, 4] += 1
    assert ((attending(moved) - attending(h)).abs().amax(dim=1) > 1e-6).all()


@EITHER
# PyTorch's own rules for forward mode are compiled by what it deprecates.
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_derivatives_in_forward_mode_and_second_ones_are_those_of_finite_differences(layer: Layer) -> None:
    attending, h = made(layer, 3, heads=2, head_width=4), maps(1, 3, 2, 3)
    with sdpa_kernel(SDPBackend.MATH):
        assert torch.autograd.gradcheck(attending, h.requires_grad_(), check_forward_ad=True)
        assert torch.autograd.gradgradcheck(attending, h)


class _Sizes(TorchDispatchMode):
    """The number of values in the largest tensor that any operation made."""

    largest = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for value in made if isinstance(made, tuple | list) else (made,):
            if isinstance(value, Tensor):
                self.largest = max(self.largest, value.numel())
        return made


def largest_tensor(layer: nn.Module, height: int, width: int) -> int:
    h = maps(1, 5, height, width).requires_grad_()
    with _Sizes() as sizes:
        layer(h).square().sum().backward()
    return sizes.largest


def test_linear_attention_holds_no_pair_of_positions_forward_or_backward() -> None:
    layer = made(LinearAttention, 5, heads=2, head_width=4)
    # q, k and v of all heads are the largest: 24 features per position, where pairs would be 320 per position and head.
    assert largest_tensor(layer, 16, 20) == 24 * 320
    assert largest_tensor(layer, 32, 20) == 2 * largest_tensor(layer, 16, 20)


def test_pairs_of_positions_are_noticed_where_they_are_held() -> None:
    class Pairs(nn.Module):
        def forward(self, h: Tensor) -> Tensor:
            tokens = h.flatten(2)
            return (tokens.mT @ tokens).softmax(dim=-1)

    assert largest_tensor(Pairs(), 16, 20) == 320**2


@EITHER
@pytest.mark.parametrize(("name", "sizes"), [("maps", (0, 2, 4)), ("heads", (5, 0, 4)), ("head_width", (5, 2, -1))])
def test_sizes_below_one_are_refused(layer: Layer, name: str, sizes: tuple[int, int, int]) -> None:
    with pytest.raises(ArgumentError, match=f"^{name} must be a whole number of at least 1, got"):
        layer(sizes[0], heads=sizes[1], head_width=sizes[2])
