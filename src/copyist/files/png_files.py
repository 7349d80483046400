"""What Pillow keeps of no PNG: 2, 4 and 16 bits, transparent colors, and the chunks that describe a picture."""

__all__ = ["carried_chunks", "exif_chunk", "png_values", "transparent_alpha", "with_chunks", "write_png"]

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

_DESCRIBING = (
    *(b"gAMA", b"cHRM", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"pHYs", b"oFFs", b"sCAL", b"pCAL"),
    *(b"tEXt", b"zTXt", b"iTXt", b"tIME"),
)
"""Chunks that stay true of other pixels; profile and EXIF are written from what is known of the picture."""


def carried_chunks(data: bytes) -> tuple[bytes, ...]:
    """The describing chunks of a PNG, whole."""
    return tuple(
        chunk
        for kind, chunk in _chunks(data)
        if kind in _DESCRIBING and not (kind in (b"zTXt", b"tEXt") and chunk[8:].startswith(b"Raw profile type exif"))
    )


def exif_chunk(data: bytes) -> bytes | None:
    """The EXIF block of a PNG, wherever it stands, as a JPEG has it; None without."""
    content = next((chunk[8:-4] for kind, chunk in _chunks(data) if kind == b"eXIf"), None)
    return None if content is None else b"Exif\0\0" + content.removeprefix(b"Exif\0\0")


def transparent_alpha(data: bytes, values: npt.NDArray[Any], depth: int) -> npt.NDArray[Any] | None:
    """Alpha (H, W) of a gray or RGB PNG that calls one color transparent, in the type of its values; None without."""
    content = next((chunk[8:-4] for kind, chunk in _chunks(data) if kind == b"tRNS"), None)
    if content is None or len(content) < 2 * values.shape[2]:
        return None
    key = np.frombuffer(content, ">u2", values.shape[2]) & (2**depth - 1)
    top = np.iinfo(values.dtype).max
    return np.where((values == key).all(axis=2), 0, top).astype(values.dtype)


def png_values(data: bytes) -> npt.NDArray[np.uint16]:
    """The values of a PNG of 16 bits, (H, W, 1 to 4); a transparent color is left to `transparent_alpha`."""
    import imagecodecs

    # Without its transparent color, which the decoder would turn into alpha, and without what has no part in values.
    plain = b"".join(chunk for kind, chunk in _chunks(data) if kind in (b"IHDR", b"IDAT", b"IEND"))
    values = imagecodecs.png_decode(data[:8] + plain)
    return values[:, :, None] if values.ndim == 2 else values


def write_png(values: npt.NDArray[Any], depth: int) -> bytes:
    """A PNG of 16 bits (H, W, 1 to 4), or of gray (H, W, 1) in 2 or 4."""
    if depth == 16:
        import imagecodecs

        # A copy, since the codec minds the strides of sides of 1.
        return bytes(imagecodecs.png_encode((values[:, :, 0] if values.shape[2] == 1 else values).copy()))
    height, width, _ = values.shape
    share = 8 // depth
    row = np.zeros((height, -(-width // share) * share), np.uint8)
    row[:, :width] = values[:, :, 0]
    shifts = np.arange(share - 1, -1, -1, dtype=np.uint8) * np.uint8(depth)
    packed = (row.reshape(height, -1, share) << shifts).sum(axis=2).astype(np.uint8)
    lines = np.concatenate([np.zeros((height, 1), np.uint8), packed], axis=1).tobytes()
    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(lines, 6)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def with_chunks(
    png: bytes, carried: tuple[bytes, ...], *, icc: bytes | None = None, exif: bytes | None = None
) -> bytes:
    """A PNG with other chunks behind its header."""
    first = 8 + 25
    more = b"".join(carried)
    if icc:
        more += _chunk(b"iCCP", b"profile\0\0" + zlib.compress(icc))
    if exif:
        more += _chunk(b"eXIf", exif.removeprefix(b"Exif\0\0"))
    return png[:first] + more + png[first:]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and bytes of each chunk that is whole."""
    position = 8
    while position + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, position)
        end = position + 12 + length
        if end > len(data):
            return
        yield data[position + 4 : position + 8], data[position:end]
        position = end
