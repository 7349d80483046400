"""Parts made of convolutions compute what their definitions say."""

import torch
from torch.nn import functional as F

from copyist.nn.conv import Upsample


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
