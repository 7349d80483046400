"""Binarized images hold 0 and 1 alone: by a threshold, or by a draw that never changes."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from copyist.data import open_source
from copyist.data.binarizing import binarized
from copyist.data.opening import open_split
from copyist.errors import ArgumentError


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
        binarized(np.full((1, 1, 50, 60), 77, np.uint8), "sample", digest=hashlib.sha256(bytes([n])).hexdigest())
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
    assert np.array_equal(binarized(rows, how, digest="a"), rows)


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
