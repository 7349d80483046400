import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copyist.data.fitting import fitted, resized, tile_corners, with_channels
from copyist.errors import DataError

SIDES = st.integers(1, 40)


@given(SIDES, SIDES, SIDES, SIDES, st.sampled_from(["crop", "resize", "pad"]))
def test_every_fit_gives_the_size_asked_for(h: int, w: int, height: int, width: int, fit: str) -> None:
    pixels = np.full((h, w, 3), 77, dtype=np.uint8)
    out = fitted(pixels, (height, width), fit)
    assert out.shape == (height, width, 3)
    assert (out == 77).all()


def test_crop_takes_the_middle() -> None:
    pixels = np.arange(7, dtype=np.uint8)[None, :, None].repeat(3, axis=0)
    np.testing.assert_array_equal(fitted(pixels, (3, 3), "crop")[0, :, 0], [2, 3, 4])


def test_pad_repeats_the_edges() -> None:
    pixels = np.arange(3, dtype=np.uint8)[None, :, None].repeat(3, axis=0)
    np.testing.assert_array_equal(fitted(pixels, (3, 7), "pad")[0, :, 0], [0, 0, 0, 1, 2, 2, 2])


@pytest.mark.parametrize(("dtype", "top"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1)])
def test_resizing_a_ramp_keeps_depth_and_range(dtype: type, top: float) -> None:
    ramp = (np.linspace(0, 1, 64) * top).astype(dtype)[None, :, None].repeat(64, axis=0)
    small = resized(ramp, (16, 16))
    assert small.dtype == dtype
    expected = ramp[0, :, 0].astype(np.float64).reshape(16, 4).mean(axis=1)
    # Lanczos keeps a straight line but for its ends, up to rounding.
    np.testing.assert_allclose(small[5, 3:-3, 0], expected[3:-3], atol=0.6 if top > 1 else 1e-6)
    assert small.min() >= 0
    assert small.max() <= top


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 9), st.integers(1, 9))
def test_tiles_side_by_side_never_overlap_and_stay_inside(height: int, width: int, h: int, w: int) -> None:
    seen = np.zeros((height, width), dtype=int)
    corners = tile_corners((height, width), (h, w), None)
    for top, left in corners:
        seen[top : top + h, left : left + w] += 1
    assert seen.max(initial=0) <= 1
    assert seen.sum() == (height // h) * (width // w) * h * w


def test_strides_set_the_distance_of_tiles() -> None:
    assert tile_corners((5, 6), (4, 4), 1) == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert tile_corners((3, 9), (4, 4), None) == []


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
