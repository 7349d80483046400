"""What a file keeps exactly beside its code: alpha, the residual of lossless pixels, color profile, orientation."""

__all__ = [
    "checksum_of",
    "described",
    "read_alpha",
    "read_described",
    "read_residual",
    "section",
    "take_section",
    "write_alpha",
    "write_residual",
]

import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from copyist.compression.coding import read_varint, varint
from copyist.compression.exact_planes import decode_planes, encode_planes
from copyist.compression.raster import Raster
from copyist.errors import DataError

Plane = npt.NDArray[Any]

_ORDER = (1, 0, 2)
"""Green comes first: it tells most of the others."""

_LARGEST_PROFILE = 2**24
"""Bytes of a color profile."""


def section(data: bytes) -> bytes:
    """Bytes with their number in front."""
    return varint(len(data)) + data


def take_section(payload: bytes | memoryview, at: int) -> tuple[bytes | memoryview, int]:
    """The bytes of a section at a place, and the place behind it.

    Raises:
        DataError: it ends before its number says.
    """
    length, at = read_varint(payload, at)
    if length > len(payload) - at:
        raise DataError("it is damaged: a part of it ends before its length says")
    return payload[at : at + length], at + length


def described(picture: Raster) -> bytes | None:
    """Orientation and color profile; None of an upright picture without a profile."""
    if picture.orientation == 1 and not picture.icc:
        return None
    return zlib.compress(bytes([picture.orientation]) + (picture.icc or b""), 9)


def read_described(data: bytes | memoryview | None, picture: Raster) -> Raster:
    """The picture with what `described` kept.

    Raises:
        DataError: it is damaged.
    """
    if data is None:
        return picture
    unpacker = zlib.decompressobj()
    try:
        found = unpacker.decompress(data, _LARGEST_PROFILE)
    except zlib.error as error:
        raise DataError("it is damaged: its color profile cannot be read") from error
    if not unpacker.eof or unpacker.unused_data or not found or not 1 <= found[0] <= 8:
        raise DataError("it is damaged: its color profile cannot be read")
    return replace(picture, orientation=found[0], icc=found[1:] or None)


def write_alpha(alpha: Plane) -> bytes:
    """The bytes of a tile of alpha (H, W)."""
    return encode_planes([alpha.astype(np.int32)], [], largest=_largest(alpha))


def read_alpha(data: bytes | memoryview, alpha: Plane) -> None:
    """Fill a tile of alpha (H, W).

    Raises:
        DataError: it is damaged.
    """
    size = (alpha.shape[0], alpha.shape[1])
    alpha[:] = decode_planes(bytes(data), [], count=1, size=size, largest=_largest(alpha))[0]


def write_residual(pixels: Plane, known: Plane) -> bytes:
    """The bytes of a tile (H, W, C), given its reconstruction."""
    return encode_planes(_planes(pixels), _planes(known), largest=_largest(pixels))


def read_residual(data: bytes | memoryview, known: Plane, pixels: Plane) -> None:
    """Fill a tile (H, W, C), given its reconstruction.

    Raises:
        DataError: it is damaged.
    """
    size, count = (pixels.shape[0], pixels.shape[1]), pixels.shape[2]
    found = decode_planes(bytes(data), _planes(known), count=count, size=size, largest=_largest(pixels))
    for channel, plane in zip(_order(count), found, strict=True):
        pixels[:, :, channel] = plane


def checksum_of(values: Plane, start: int) -> int:
    """A checksum of a tile's values, going on from another."""
    return zlib.crc32(np.ascontiguousarray(values, values.dtype.newbyteorder("<")).data, start)


def _order(count: int) -> Sequence[int]:
    return _ORDER if count == 3 else range(count)


def _planes(pixels: Plane) -> list[Plane]:
    return [pixels[:, :, channel].astype(np.int32) for channel in _order(pixels.shape[2])]


def _largest(values: Plane) -> int:
    return int(np.iinfo(values.dtype).max)
