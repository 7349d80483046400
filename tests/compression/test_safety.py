"""Files that are damaged, foreign, or lie: refused by name, or decoded exactly; nothing crashes or is made up."""

import io
import struct
import zlib
from collections.abc import Iterable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from PIL import Image

from codecs_to_test import coder, raster
from copyist.compression import codec as codec_module
from copyist.compression.coding import varint
from copyist.compression.container import read_container
from copyist.compression.raster import Raster
from copyist.errors import DataError

KINDS = ("lossy", "lossless", "alpha", "described")


@cache
def small_files() -> dict[str, bytes]:
    picture = raster(20, 24, alpha=True)
    return {
        "lossy": coder().compress(raster(30, 40), quality=3).data,
        "lossless": coder().compress(raster(17, 9), quality=1, lossless=True).data,
        "alpha": coder().compress(picture, quality=1).data,
        "described": coder()
        .compress(Raster(pixels=raster(5, 5).pixels, icc=b"a profile" * 9, orientation=6), quality=1)
        .data,
    }


def sealed(data: bytes) -> bytes:
    """A file whose last checksum is right, whatever is in it: what a liar would write."""
    return data[:-4] + struct.pack("<I", zlib.crc32(data[:-4]))


def same(a: Raster, b: Raster) -> bool:
    return np.array_equal(a.pixels, b.pixels) and (a.alpha is None or np.array_equal(a.alpha, b.alpha))  # type: ignore[arg-type]


def outcome(data: bytes, original: Raster) -> str:
    """`refused`, or `exact`; anything else fails."""
    try:
        found = coder().decompress(data)
    except DataError:
        return "refused"
    assert same(found, original), "garbage"
    return "exact"


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_truncated_at_any_length_is_refused(kind: str) -> None:
    data = small_files()[kind]
    for length in range(len(data)):
        with pytest.raises(DataError, match=r"truncated|empty|no compressed image|ends within a number"):
            coder().decompress(data[:length])
    with pytest.raises(DataError, match="stand behind its end"):
        coder().decompress(data + b"\0")


def check_changes(data: bytes, changes: Iterable[int]) -> None:
    for place in range(len(data)):
        for change in changes:
            damaged = bytearray(data)
            damaged[place] ^= change
            with pytest.raises(DataError):
                coder().decompress(bytes(damaged))


@pytest.mark.parametrize("kind", KINDS)
def test_any_byte_changed_to_a_few_others_is_refused(kind: str) -> None:
    check_changes(small_files()[kind], (1, 2, 16, 128, 255))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_any_byte_changed_to_any_other_is_refused(kind: str) -> None:
    check_changes(small_files()[kind], range(1, 256))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_what_lies_with_a_right_checksum_is_refused_or_exact(kind: str) -> None:
    """Behind the container's checksum stands that of what is decoded."""
    data, rng = small_files()[kind], np.random.default_rng(0)
    original = coder().decompress(data)
    for _ in range(60):
        damaged = bytearray(data)
        for place in rng.integers(4, len(data) - 4, rng.integers(1, 4)):
            damaged[place] = rng.integers(256)
        outcome(sealed(bytes(damaged)), original)


def test_random_words_in_a_stream_are_refused() -> None:
    container, rng = read_container(small_files()["lossy"]), np.random.default_rng(0)
    for _ in range(40):
        body = rng.bytes(int(rng.integers(0, 60)))
        payload = varint(len(body)) + body + rng.bytes(int(rng.integers(0, 5)))
        lying = type(container)(header=container.header, checksum=container.checksum, payload=payload)
        with pytest.raises(DataError):
            coder().decompress(lying.to_bytes())


def renamed(data: bytes, *, width: int, height: int) -> bytes:
    """The same file claiming another size."""
    container = read_container(data)
    head = replace(container.header, width=width, height=height)
    return type(container)(header=head, checksum=container.checksum, payload=container.payload).to_bytes()


@pytest.mark.parametrize(
    ("width", "height", "words"),
    [
        (2**15, 2**15, "claims 32768x32768 pixels in"),
        (2**16, 2**16, "more pixels than any real image"),
        (2**31, 1, "more pixels than any real image"),
        (2**28, 1, "claims"),
    ],
)
def test_a_header_that_claims_too_much_is_refused_before_memory_is_taken(width: int, height: int, words: str) -> None:
    with pytest.raises(DataError, match=words):
        coder().decompress(renamed(small_files()["lossy"], width=width, height=height))


def test_a_picture_too_large_for_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec_module, "_WORKING", 2**20)
    monkeypatch.setattr(codec_module, "available_memory", lambda: 10**6)
    with pytest.raises(DataError, match=r"needs .* of memory, and 1 MB are left"):
        coder().decompress(renamed(small_files()["lossy"], width=5000, height=4000))


def foreign() -> dict[str, bytes]:
    files: dict[str, bytes] = {"empty": b"", "text": b"CP", "letters": b"CPX" + bytes(60), "zeros": bytes(100)}
    for kind in ("PNG", "JPEG", "WEBP", "AVIF", "TIFF", "GIF", "BMP"):
        file = io.BytesIO()
        Image.new("RGB", (20, 20)).save(file, kind)
        files[kind] = file.getvalue()
    return files


@pytest.mark.parametrize("kind", foreign())
def test_other_formats_are_refused(kind: str) -> None:
    with pytest.raises(DataError, match=r"no compressed image of copyist|it is empty|it is truncated"):
        coder().decompress(foreign()[kind])


def test_a_file_of_a_newer_version_is_refused_by_it() -> None:
    data = bytearray(small_files()["lossy"])
    data[3] = data[3] & 31 | 2 << 5
    with pytest.raises(DataError, match=r"of version 2, and this copyist reads up to 1; install a newer one"):
        coder().decompress(bytes(data))


def test_a_file_takes_no_more_memory_than_twice_its_image(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in the code of each tile is no larger than the pixels."""
    monkeypatch.setattr(codec_module, "_WORKING", 0)
    monkeypatch.setattr(codec_module, "available_memory", lambda: 2 * 30 * 40 * 3 + 200)
    coder().decompress(small_files()["lossy"])
