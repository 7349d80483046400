import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from copyist.data import open_source, open_split
from copyist.data.fitting import binarize, fit_size, resize, tile_corners
from copyist.data.source_options import Fit
from copyist.errors import ArgumentError

SIDES = st.integers(1, 40)


@given(SIDES, SIDES, SIDES, SIDES, st.sampled_from(["crop", "resize", "pad"]))
def test_every_fit_gives_the_size_asked_for(h: int, w: int, height: int, width: int, fit: Fit) -> None:
    pixels = np.full((h, w, 3), 77, dtype=np.uint8)
    out = fit_size(pixels, (height, width), fit)
    assert out.shape == (height, width, 3)
    assert (out == 77).all()


def test_crop_takes_the_middle() -> None:
    pixels = np.arange(7, dtype=np.uint8)[None, :, None].repeat(3, axis=0)
    np.testing.assert_array_equal(fit_size(pixels, (3, 3), "crop")[0, :, 0], [2, 3, 4])


def test_pad_repeats_the_edges() -> None:
    pixels = np.arange(3, dtype=np.uint8)[None, :, None].repeat(3, axis=0)
    np.testing.assert_array_equal(fit_size(pixels, (3, 7), "pad")[0, :, 0], [0, 0, 0, 1, 2, 2, 2])


@pytest.mark.parametrize(("dtype", "top"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1)])
def test_resizing_a_ramp_keeps_depth_and_range(dtype: type, top: float) -> None:
    ramp = (np.linspace(0, 1, 64) * top).astype(dtype)[None, :, None].repeat(64, axis=0)
    small = resize(ramp, (16, 16))
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


def gray(count: int = 60, size: tuple[int, int] = (5, 7)) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *size), dtype=np.uint8)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    np.save(tmp_path / "gray.npy", gray())
    return tmp_path / "gray.npy"


def test_from_a_threshold_on_a_value_is_1(file: Path) -> None:
    plain, bits = (open_split(f"{file}?split=all{option}", default="all").images() for option in ("", "&binarize=0.3"))
    assert torch.equal(bits, (plain >= 0.3).float())
    whole = open_split(f"{file}?split=all&binarize=1", default="all").images()
    assert torch.equal(whole, (plain == 1).float())


def test_a_sampled_value_is_1_with_the_probability_that_it_names() -> None:
    # All images alike in one value each, but each with draws of its own.
    rows = [
        binarize(np.full((1, 1, 50, 60), 77, np.uint8), "sample", digest=hashlib.sha256(bytes([n])).hexdigest())
        for n in range(40)
    ]
    found = np.concatenate(rows)
    assert found.dtype == np.uint8
    assert set(np.unique(found)) == {0, 255}
    share = 77 / 255
    assert (found == 255).mean() == pytest.approx(share, abs=5 * (share * (1 - share) / found.size) ** 0.5)
    assert len({row.tobytes() for row in rows}) == 40


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("how", ["sample", 0.01, 1.0])
def test_what_is_black_or_white_stays(dtype: type, how: float | str) -> None:
    largest = 1 if dtype is np.float32 else np.iinfo(dtype).max
    rows = np.array([[[[0, largest] * 300]]], dtype)
    assert np.array_equal(binarize(rows, how, digest="a"), rows)


def test_an_image_is_always_drawn_in_the_same_way(file: Path) -> None:
    whole = open_source(f"{file}?binarize=sample")
    again = open_source(f"{file}?binarize=sample")
    assert torch.equal(whole.train.images(), again.train.images())
    fewer = open_source(f"{file}?binarize=sample&limit=9")
    where = [whole.train.names.index(name) for name in fewer.train.names]
    assert torch.equal(fewer.train.images(), whole.train.images()[where])


def test_binarized_data_are_other_data(file: Path) -> None:
    texts = ("", "?binarize=sample", "?binarize=0.5", "?binarize=0.6")
    assert len({open_source(f"{file}{text}").train.fingerprint for text in texts}) == 4


@pytest.mark.parametrize("value", ["0", "1.5", "-1", "nan", "always"])
def test_a_threshold_outside_of_the_range_is_refused(value: str) -> None:
    with pytest.raises(ArgumentError, match=r"^source option binarize must be a number in \(0, 1\], or sample, got '"):
        open_source(f"digits?binarize={value}")
