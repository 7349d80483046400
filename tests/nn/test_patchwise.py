"""Products of patches are transposed convolutions."""

import pytest
import torch
from torch.nn import functional as F

from copyist.nn.patchwise import overlapping_patches, separate_patches


def test_separate_patches_are_a_transposed_convolution() -> None:
    h, weight = torch.rand(2, 5, 3, 4).double(), torch.rand(5, 2, 6, 6).double()
    torch.testing.assert_close(separate_patches(h, weight), F.conv_transpose2d(h, weight, stride=6))


@pytest.mark.parametrize("stride", [2, 8])
def test_overlapping_patches_are_a_transposed_convolution(stride: int) -> None:
    h, weight = torch.rand(2, 5, 3, 4).double(), torch.rand(5, 2, 2 * stride, 2 * stride).double()
    bias = torch.rand(2).double()
    expected = F.conv_transpose2d(h, weight, bias, stride=stride, padding=stride // 2)
    torch.testing.assert_close(overlapping_patches(h, weight, bias), expected)
