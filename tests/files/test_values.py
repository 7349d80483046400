import numpy as np
import pytest

from copyist.errors import DataError
from copyist.files.values import with_channels


def test_gray_is_the_luma_of_color() -> None:
    pure = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], dtype=np.uint8)
    np.testing.assert_array_equal(with_channels(pure, 1, name="x")[0, :, 0], [76, 150, 29])
    np.testing.assert_array_equal(with_channels(pure[..., :1], 3, name="x")[0, 0], [255, 255, 255])


def test_gray_is_rounded_as_that_of_bsd68_was() -> None:
    # 82.498 and 60.502 by the exact weights; 82.505 and 60.499 by 0.299, 0.587 and 0.114.
    near = np.array([[[177, 10, 208], [41, 48, 176]]], dtype=np.uint8)
    np.testing.assert_array_equal(with_channels(near, 1, name="x")[0, :, 0], [82, 61])


def test_other_channels_cannot_be_made() -> None:
    with pytest.raises(DataError, match="x must have 4 channels, got 3"):
        with_channels(np.zeros((2, 2, 3), np.uint8), 4, name="x")
