"""Photographs of any size are taken, and what no picture can be is refused by its header."""

import struct
import zlib

import numpy as np
import pytest

from copyist.errors import DataError
from copyist.files import limits
from copyist.files.decoding import decode_image, read_header
from copyist.files.limits import check_pixel_count

from .picture_cases import by_pillow


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_header(width: int, height: int) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def test_photographs_of_108_and_200_megapixels_are_taken() -> None:
    check_pixel_count(9000, 12000, bytes_per_pixel=3, channels=3, stored=15_000_000)
    check_pixel_count(12240, 16320, bytes_per_pixel=3, channels=3, stored=25_000_000)


@pytest.mark.slow
def test_a_photograph_of_108_megapixels_is_decoded() -> None:
    coarse = np.random.default_rng(0).integers(0, 256, (900, 1200, 3), dtype=np.uint8)
    data = by_pillow(coarse.repeat(10, axis=0).repeat(10, axis=1), "JPEG")
    assert read_header(data).size == (9000, 12000)
    assert decode_image(data).pixels.shape == (9000, 12000, 3)


def test_decompression_bombs_are_refused_by_their_header() -> None:
    for width, height in ((20_000, 20_000), (60_000, 60_000)):
        for look in (read_header, decode_image):
            with pytest.raises(DataError, match=r"^more pixels than any real image"):
                look(png_header(width, height))


def test_what_does_not_fit_into_memory_is_refused_by_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "available_memory", lambda: 10**7)
    with pytest.raises(DataError, match=r"^too large for the memory: it needs "):
        read_header(png_header(5000, 5000))


def test_the_values_that_a_model_sees_count_beside_those_that_are_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "available_memory", lambda: (3 + 4 * 3) * 5000 * 5000)
    check_pixel_count(5000, 5000, bytes_per_pixel=3, channels=3, stored=10**6)
    with pytest.raises(DataError, match=r"^too large for the memory: it needs "):
        check_pixel_count(5000, 5001, bytes_per_pixel=3, channels=3, stored=10**6)
