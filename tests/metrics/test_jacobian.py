"""Jacobians of maps whose receptive field, or whose matrix, is known."""

import math

import pytest
import torch
from torch import Tensor, nn

from copyist.errors import ArgumentError, ContractError, ShapeError
from copyist.metrics.jacobian import condition_number, jacobian_support, singular_values


def g(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(batch: int = 2) -> Tensor:
    return torch.rand(batch, 3, 15, 17, generator=g())


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_each_convolution_of_3_by_3_adds_a_pixel_on_each_side(depth: int) -> None:
    model = nn.Sequential(*(nn.Conv2d(3, 3, 3, padding=1) for _ in range(depth)))
    found = jacobian_support(model, images(), position=(7, 6))
    on_paper = torch.zeros(15, 17, dtype=torch.bool)
    on_paper[7 - depth : 8 + depth, 6 - depth : 7 + depth] = True
    assert torch.equal(found.reached, on_paper.expand(2, -1, -1))
    assert found.extent.tolist() == [depth, depth]
    torch.testing.assert_close(found.share, torch.full((2,), (2 * depth + 1) ** 2 / (15 * 17)))


def test_the_radius_of_a_box_is_that_of_its_second_moment() -> None:
    box = nn.Conv2d(3, 4, 3, padding=1)
    nn.init.constant_(box.weight, 0.2)
    found = jacobian_support(box, images(), position=(5, 5))
    # Of nine pixels four are at distance 1 and four at √2.
    torch.testing.assert_close(found.radius, torch.full((2,), math.sqrt(12 / 9)))
    # Each of 3 · 4 derivatives is 0.2.
    torch.testing.assert_close(found.influence[:, 5, 6], torch.full((2,), 0.2 * math.sqrt(12)))


def test_the_threshold_leaves_out_what_is_faint() -> None:
    kernel = nn.Conv2d(3, 1, (1, 3), padding=(0, 1), bias=False)
    with torch.no_grad():
        kernel.weight.copy_(torch.tensor([0.1, 1.0, 0.4]).expand(1, 3, 1, 3))
    assert jacobian_support(kernel, images(), position=(4, 4)).reached.sum((1, 2)).tolist() == [3, 3]
    found = jacobian_support(kernel, images(), position=(4, 4), threshold=0.2)
    assert found.reached[0].nonzero().tolist() == [[4, 4], [4, 5]]


def test_a_strided_output_is_measured_from_below_its_center() -> None:
    mean = nn.AvgPool2d(2)
    found = jacobian_support(mean, torch.rand(1, 2, 8, 12, generator=g()), position=(1, 4))
    assert found.reached[0].nonzero().tolist() == [[2, 8], [2, 9], [3, 8], [3, 9]]
    assert found.extent.item() == pytest.approx(0.5)
    assert found.radius.item() == pytest.approx(math.sqrt(0.5))


def test_a_layer_that_joins_all_positions_reaches_all() -> None:
    found = jacobian_support(lambda x: x + x.mean((2, 3), keepdim=True), images(), position=(0, 0))
    assert found.share.tolist() == [1, 1]
    assert found.extent.tolist() == [16, 16]


def test_batch_statistics_join_all_pixels_faintly() -> None:
    model = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3))
    assert jacobian_support(model, images(4), position=(7, 7)).share.min() == 1
    assert jacobian_support(model, images(4), position=(7, 7), threshold=0.1).extent.max() <= 1


def test_images_are_told_apart() -> None:
    # The first image's pixels are passed on, the second one's are not.
    found = jacobian_support(lambda x: x * torch.tensor([2.0, 0.0]).view(2, 1, 1, 1), images(), position=(3, 4))
    assert found.influence[0, 3, 4].item() == pytest.approx(2 * math.sqrt(3))
    assert found.share.tolist() == pytest.approx([1 / (15 * 17), 0])
    assert found.extent.tolist() == [0, 0]
    assert found.radius.isnan().tolist() == [False, True]


def test_weights_are_left_without_gradients() -> None:
    model = nn.Conv2d(3, 2, 3)
    jacobian_support(model, images(), position=(1, 1))
    assert all(weight.grad is None for weight in model.parameters())


@pytest.mark.parametrize("shape", [(5, 12), (20, 12)])
def test_a_linear_map_has_the_singular_values_of_its_matrix(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=g(), dtype=torch.float64)
    x = torch.rand(3, 2, 1, 6, generator=g(), dtype=torch.float64)
    found = singular_values(lambda x: x.flatten(1) @ matrix.T, x, chunk=7)
    torch.testing.assert_close(found, torch.linalg.svdvals(matrix).expand(3, -1))


def test_a_pointwise_map_has_its_derivatives_as_singular_values() -> None:
    x = torch.rand(4, 2, 3, 5, generator=g(), dtype=torch.float64)
    on_paper = (3 * x.square()).flatten(1).sort(dim=1, descending=True).values
    torch.testing.assert_close(singular_values(lambda x: x**3, x), on_paper)


def test_the_batch_is_held_fixed() -> None:
    x = torch.rand(4, 6, generator=g(), dtype=torch.float64)
    found = singular_values(lambda x: x - x.mean(0), x)
    torch.testing.assert_close(found, torch.full((4, 6), 0.75, dtype=torch.float64))


def test_attention_is_differentiated_row_by_row() -> None:
    def attend(x: Tensor) -> Tensor:
        return nn.functional.scaled_dot_product_attention(x, x, x)

    x = torch.randn(2, 5, 4, generator=g(), dtype=torch.float64)
    whole = torch.autograd.functional.jacobian(attend, x)
    assert isinstance(whole, Tensor)
    blocks = torch.stack([whole[i, :, :, i].reshape(20, 20) for i in range(2)])
    torch.testing.assert_close(singular_values(attend, x, chunk=6), torch.linalg.svdvals(blocks))


def test_the_condition_is_the_largest_over_the_smallest() -> None:
    assert condition_number(torch.tensor([[4.0, 2.0, 0.5], [1.0, 1.0, 1.0], [1.0, 0.5, 0.0]])).tolist() == [
        8,
        1,
        math.inf,
    ]


def test_what_cannot_be_differentiated_is_refused() -> None:
    with pytest.raises(ContractError, match="must let gradients through"):
        singular_values(torch.no_grad()(lambda x: 2 * x), torch.rand(2, 3))
    with pytest.raises(ShapeError, match="one entry per example"):
        singular_values(lambda x: x.sum(0, keepdim=True), torch.rand(2, 3))


def test_a_position_outside_the_output_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"position must lie in an output of 15x17, got \(15, 3\)"):
        jacobian_support(lambda x: x * 1, images(), position=(15, 3))
    with pytest.raises(ArgumentError, match="threshold must lie in"):
        jacobian_support(lambda x: x * 1, images(), position=(5, 3), threshold=1.5)


def test_singular_values_without_a_batch_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"must have shape \(B, K\)"):
        condition_number(torch.rand(2, 3, 4))
