"""Pictures come back from their files: the same integers everywhere, and the very values where they are promised."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from codecs_to_test import code_coder, codec, coder, raster
from copyist.compression import tiling
from copyist.compression.code_coding import LARGEST_INTEGER
from copyist.compression.codec import ImageCoder
from copyist.compression.container import read_container, read_header
from copyist.compression.raster import Raster
from copyist.errors import ArgumentError, DataError, ShapeError
from copyist.models import ImageCodecConfig
from copyist.nn.exact import round_half_up


def same(a: Raster, b: Raster) -> bool:
    planes = (
        [(a.pixels, b.pixels)] if a.alpha is None or b.alpha is None else [(a.pixels, b.pixels), (a.alpha, b.alpha)]
    )
    return (a.alpha is None) == (b.alpha is None) and all(
        one.dtype == two.dtype and np.array_equal(one, two) for one, two in planes
    )


@settings(max_examples=12)
@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    channels=st.sampled_from([1, 3]),
    deep=st.booleans(),
    alpha=st.booleans(),
    quality=st.integers(1, 3),
)
def test_a_lossless_file_is_decoded_to_the_very_values(
    height: int, width: int, channels: int, deep: bool, alpha: bool, quality: int
) -> None:
    picture = raster(height, width, channels, deep=deep, alpha=alpha)
    picture = replace(picture, orientation=1 + (height + width) % 8, icc=bytes(range(200)) if alpha else None)
    found = coder().decompress(coder().compress(picture, quality=quality, lossless=True).data)
    assert same(found, picture)
    assert (found.orientation, found.icc) == (picture.orientation, picture.icc)


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (16, 16), (17, 33), (64, 1), (90, 70)], ids=str)
@pytest.mark.parametrize("channels", [1, 3])
def test_any_size_comes_back_in_its_own(size: tuple[int, int], channels: int) -> None:
    picture = raster(*size, channels, alpha=True)
    found = coder().decompress(coder().compress(picture, quality=3).data)
    assert found.pixels.shape == picture.pixels.shape
    assert np.array_equal(found.alpha, picture.alpha)  # type: ignore[arg-type]


def test_a_lossy_file_is_the_copy_of_the_rounded_code() -> None:
    """What is decoded is D(round(E(x) − mean) + mean), computed here without any file."""
    model, picture = codec(), raster(48, 80)
    x = torch.from_numpy(picture.pixels).permute(2, 0, 1)[None] / 255
    y = model.analyze(x, quality=1)
    law = model.entropy_model(model.side_information(y, quality=1), quality=1, size=(3, 5))
    expected = model.synthesize(round_half_up(y.double() - law.mean) + law.mean, quality=1)
    levels = (expected[0] * 255 + 0.5).floor().clamp(0, 255).permute(1, 2, 0).byte().detach().numpy()
    found = coder().decompress(coder().compress(picture, quality=2).data)
    assert np.array_equal(found.pixels, levels)


def test_deep_pictures_keep_more_than_8_bits() -> None:
    picture = raster(32, 32, deep=True)
    found = coder().decompress(coder().compress(picture, quality=3).data)
    assert found.pixels.dtype == np.uint16
    assert len(np.unique(found.pixels % 257)) > 50


def test_a_file_takes_what_the_entropy_model_says() -> None:
    for size in [(1, 1), (5, 200), (40, 70), (150, 200)]:
        for quality in (1, 2, 3):
            made = coder().compress(raster(*size), quality=quality)
            assert len(made.data) - made.estimated_bytes <= max(32, 0.01 * len(made.data)), (size, quality)
            assert made.estimated_bytes < len(made.data)


def test_tiles_leave_no_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    model, picture = codec(), raster(200, 150)
    x = torch.from_numpy(picture.pixels).permute(2, 0, 1)[None] / 255
    padded = torch.nn.functional.pad(x, (0, 10, 0, 8), mode="replicate")
    whole = model.analyze(padded, quality=1)
    parts = list(tiling.tiles(200, 150, patch=16, overlap=model.overlap, side=64))
    assert len(parts) == 12
    for tile in parts:
        window = torch.from_numpy(tile.window_of_pixels(picture.pixels)).permute(2, 0, 1)[None] / 255
        code = tile.within_window(model.analyze(window, quality=1))
        torch.testing.assert_close(code, whole[:, :, tile.top : tile.bottom, tile.left : tile.right], atol=1e-4, rtol=0)
    copies = model.synthesize(whole, quality=1)
    for tile in parts:
        copy = tile.pixels_within_window(
            model.synthesize(whole[:, :, tile.above : tile.below, tile.beside : tile.beyond], quality=1)
        )
        expected = copies[:, :, tile.pixels[0], tile.pixels[1]]
        torch.testing.assert_close(copy[:, :, : expected.shape[2], : expected.shape[3]], expected, atol=1e-4, rtol=0)
    monkeypatch.setattr(tiling.tiles, "__kwdefaults__", {"side": 64})
    picture = raster(100, 70, alpha=True)
    whole_again = coder().decompress(coder().compress(picture, quality=2, lossless=True).data)
    assert same(whole_again, picture)


def threads() -> list[bytes]:
    before = torch.get_num_threads()
    try:
        files: list[bytes] = []
        for count in (1, 2):
            torch.set_num_threads(count)
            files.append(coder().compress(raster(96, 80), quality=3, lossless=True).data)
        return files
    finally:
        torch.set_num_threads(before)


def test_any_encoder_s_file_is_decoded_to_its_own_integers() -> None:
    """Across threads, bf16 and batches: the codes may differ, but what the encoder wrote is what a decoder reads."""
    for data in threads():
        assert same(coder().decompress(data), raster(96, 80))
    model, tiles = codec(), code_coder()
    x = torch.from_numpy(raster(64, 96).pixels).permute(2, 0, 1)[None] / 255
    with torch.autocast("cpu", torch.bfloat16):
        rough = model.analyze(x, quality=2)
        coded = tiles.encode(rough, model.side_information(rough, quality=2), quality=2, checksum=0)
    batched = model.analyze(x.repeat(5, 1, 1, 1), quality=2)[3:4]
    assert not torch.equal(round_half_up(rough), round_half_up(batched))
    for made in (coded, tiles.encode(batched, model.side_information(batched, quality=2), quality=2, checksum=0)):
        code, at, checksum = tiles.decode(made.data, 0, quality=2, size=(4, 6), checksum=0)
        assert at == len(made.data)
        assert checksum == made.checksum
        assert torch.equal(code, made.code)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # PyTorch's own, on the way to its compiler.
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_a_compiled_encoder_s_file_is_decoded_to_its_own_integers() -> None:
    model, tiles = codec(), code_coder()
    x = torch.from_numpy(raster(64, 96).pixels).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        y = (
            255
            * (model.project(x - 0.5) + torch.compile(model.correct)(x - 0.5))
            / model.rounding_steps[2][:, None, None]
        )
    eager = model.analyze(x, quality=2)
    assert not torch.equal(y, eager)
    torch.testing.assert_close(y, eager, rtol=1e-3, atol=1e-3)
    made = tiles.encode(y, model.side_information(y, quality=2), quality=2, checksum=0)
    code, _, checksum = tiles.decode(made.data, 0, quality=2, size=(4, 6), checksum=0)
    assert checksum == made.checksum
    assert torch.equal(code, made.code)


@given(
    values=st.lists(
        st.integers(-40, 40) | st.sampled_from([LARGEST_INTEGER, -LARGEST_INTEGER, 2**40, -(2**40), 300, -3000]),
        min_size=4,
        max_size=4,
    )
)
def test_codes_of_any_size_come_back(values: list[int]) -> None:
    tiles = code_coder()
    code = torch.zeros(1, 20, 2, 2)
    code[0, 3] = torch.tensor(values, dtype=torch.float32).view(2, 2)
    made = tiles.encode(code, codec().side_information(code, quality=0), quality=0, checksum=7)
    found, at, checksum = tiles.decode(made.data, 0, quality=0, size=(2, 2), checksum=7)
    assert torch.equal(found, made.code)
    assert (at, checksum) == (len(made.data), made.checksum)
    bounded = code.double().clamp(-LARGEST_INTEGER, LARGEST_INTEGER)
    assert (found - bounded).abs().max() <= 0.5 + 1  # the mean of one that was bounded


def test_a_header_is_read_alone_and_says_what_was_written() -> None:
    picture = replace(raster(19, 300, 1, deep=True, alpha=True), icc=b"profile")
    data = coder().compress(picture, quality=2, lossless=True).data
    head = read_header(data[:32])
    assert (head.width, head.height, head.channels, head.depth, head.quality) == (300, 19, 1, 16, 2)
    assert (head.lossless, head.alpha, head.described) == (True, True, True)
    assert head.fingerprint == coder().fingerprint
    assert read_container(data).header == head


def test_a_model_of_gray_takes_no_colors_and_one_of_colors_takes_gray() -> None:
    gray = raster(20, 30, 1)
    assert same(coder(channels=1).decompress(coder(channels=1).compress(gray, quality=1, lossless=True).data), gray)
    with pytest.raises(ShapeError, match="1 channel for this model, got 3"):
        coder(channels=1).compress(raster(20, 30), quality=1)


def test_a_file_of_another_model_is_refused_by_its_name() -> None:
    data = coder(seed=1).compress(raster(20, 30), quality=1).data
    with pytest.raises(DataError, match=coder(seed=1).fingerprint.hex()):
        coder().decompress(data)


def test_only_what_decoding_depends_on_names_a_model() -> None:
    model = ImageCodecConfig(channels=1, code_channels=4, width=4, synthesis_width=4, side_channels=2).build()
    assert not model.is_measured
    with pytest.raises(ArgumentError, match="finish the training"):
        ImageCoder(model)
    model.measured_on(torch.rand(1, 1, 16, 16))
    before = ImageCoder(model).fingerprint
    with torch.no_grad():
        model.get_parameter("project.weight").add_(1)
    assert ImageCoder(model).fingerprint == before
    for name in ("from_side.0.bias", "synthesis.output.weight", "unproject.weight"):
        with torch.no_grad():
            model.get_parameter(name).view(-1)[0].add_(0.25)
        assert ImageCoder(model).fingerprint != before
        before = ImageCoder(model).fingerprint


@pytest.mark.parametrize(("quality", "words"), [(0, "at least 1"), (4, "at most 3"), (1.5, "whole number")])
def test_a_quality_that_is_none_is_refused(quality: int, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        coder().compress(raster(4, 4), quality=quality)
