"""Overlaps of singular spaces, against bases that are built by hand and against chance."""

import math

import pytest
import torch
from torch import Tensor

from copyist.errors import ArgumentError, ShapeError
from copyist.metrics.alignment import layer_alignment, weight_spread


def g(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def basis(size: int, seed: int) -> Tensor:
    """A random orthonormal basis (size, size)."""
    return torch.linalg.qr(torch.randn(size, size, generator=g(seed), dtype=torch.float64))[0]


def layers(written: Tensor, read: Tensor, num_strong: int) -> tuple[Tensor, Tensor]:
    """A layer that writes strongly to the first columns of one basis, and one that reads those of another."""
    size = len(written)
    strengths = torch.where(torch.arange(size) < num_strong, 5.0, 0.1) * torch.linspace(2, 1, size, dtype=torch.float64)
    return written @ torch.diag(strengths) @ basis(size, 8).T, basis(size, 9) @ torch.diag(strengths) @ read.T


def test_a_layer_that_reads_what_the_last_one_writes_overlaps_fully() -> None:
    shared = basis(12, 0)
    found = layer_alignment(*layers(shared, shared, 4), k=4)
    assert found.overlap == pytest.approx(1)
    assert found.chance == pytest.approx(4 / 12)
    assert found.z_score > 5


def test_a_layer_that_reads_nothing_of_it_does_not_overlap() -> None:
    shared = basis(12, 0)
    assert layer_alignment(*layers(shared, shared.roll(4, dims=1), 4), k=4).overlap == pytest.approx(0, abs=1e-12)
    assert layer_alignment(*layers(shared, shared.roll(2, dims=1), 4), k=4).overlap == pytest.approx(0.5)


def test_random_layers_overlap_by_chance_and_spread_as_it_does() -> None:
    found = [
        layer_alignment(torch.randn(10, 17, generator=g(i)), torch.randn(8, 10, generator=g(1000 + i)), k=3)
        for i in range(400)
    ]
    overlaps = torch.tensor([each.overlap for each in found])
    std = found[0].chance_std
    assert overlaps.mean().item() == pytest.approx(3 / 10, abs=4 * std / math.sqrt(400))
    assert overlaps.std().item() == pytest.approx(std, rel=0.15)


def test_chance_spreads_between_two_lines_of_the_plane_as_a_squared_cosine() -> None:
    # cos²θ of a uniform angle has mean 1/2 and variance 1/8.
    found = layer_alignment(torch.randn(2, 3, generator=g()), torch.randn(4, 2, generator=g(1)), k=1)
    assert found.chance == pytest.approx(1 / 2)
    assert found.chance_std == pytest.approx(math.sqrt(1 / 8))


def test_convolutions_overlap_by_channel() -> None:
    shared = basis(6, 0)
    # Two kernels each: channels are mixed by the same strong directions at every pixel of the kernel.
    strengths = torch.tensor([4.0, 3.0, 0.1, 0.1, 0.1, 0.1], dtype=torch.float64)
    first = torch.einsum("oc,c,cihw->oihw", shared, strengths, basis(6, 1)[:, :, None, None].expand(-1, -1, 3, 3))
    second = torch.einsum("ochw,c,ic->oihw", basis(6, 2)[:, :, None, None].expand(-1, -1, 3, 2), strengths, shared)
    assert layer_alignment(first, second, k=2).overlap == pytest.approx(1)


def test_the_size_of_the_weights_does_not_matter() -> None:
    first, second = torch.randn(7, 5, generator=g()), torch.randn(9, 7, 3, 3, generator=g(1))
    plain, scaled = layer_alignment(first, second, k=2), layer_alignment(-3 * first, 0.01 * second, k=2)
    assert scaled.overlap == pytest.approx(plain.overlap)


def test_layers_that_do_not_meet_are_refused() -> None:
    with pytest.raises(ShapeError, match="must take the first one's 5 outputs, got 6 inputs"):
        layer_alignment(torch.rand(5, 4), torch.rand(7, 6), k=1)
    with pytest.raises(ShapeError, match=r"weights must have shape \(outputs, inputs, ...\)"):
        layer_alignment(torch.rand(5), torch.rand(7, 5), k=1)


@pytest.mark.parametrize("k", [0, 5])
def test_more_vectors_than_there_are_are_refused(k: int) -> None:
    with pytest.raises(ArgumentError, match=r"k must lie in \[1, 4\]"):
        layer_alignment(torch.rand(6, 4), torch.rand(7, 6), k=k)


def test_the_spread_of_weights_is_that_of_their_law() -> None:
    uniform = torch.linspace(-1, 1, 10_001, dtype=torch.float64).reshape(73, 137)
    assert weight_spread(uniform).variation == pytest.approx(1 / math.sqrt(3), abs=1e-3)
    assert weight_spread(uniform).kurtosis == pytest.approx(-1.2, abs=1e-3)
    normal = torch.special.ndtri((torch.arange(20_000, dtype=torch.float64) + 0.5) / 20_000).reshape(10, 20, 10, 10)
    assert weight_spread(normal).variation == pytest.approx(math.sqrt(math.pi / 2 - 1), abs=1e-3)
    assert weight_spread(normal).kurtosis == pytest.approx(0, abs=0.02)


def test_weights_of_equal_size_have_no_spread() -> None:
    signs = torch.tensor([1.0, -1.0]).repeat(3, 4) * 0.3
    assert weight_spread(signs).variation == pytest.approx(0, abs=1e-12)
    # Two equal peaks have the least kurtosis there is.
    assert weight_spread(signs).kurtosis == pytest.approx(-2)
    assert math.isnan(weight_spread(torch.full((3, 4), 0.3)).kurtosis)


def test_one_weight_that_dominates_shows() -> None:
    weight = torch.full((20, 30), 0.01)
    weight[3, 4] = 5.0
    assert weight_spread(weight).variation > 5
    assert weight_spread(weight).kurtosis > 100
