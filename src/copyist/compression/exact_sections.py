"""What a file keeps exactly beside its code: alpha, the residual of lossless pixels, color profile, orientation."""

__all__ = [
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


def take_section(payload: bytes, at: int) -> tuple[bytes, int]:
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


def read_described(data: bytes | None, picture: Raster) -> Raster:
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


def write_alpha(alpha: Plane, checksum: int) -> tuple[bytes, int]:
    """The bytes of a tile of alpha (H, W), and the checksum that goes on with its values."""
    return encode_planes([alpha.astype(np.int32)], [], largest=_largest(alpha)), _checksum(alpha, checksum)


def read_alpha(data: bytes, alpha: Plane, checksum: int) -> int:
    """Fill a tile of alpha (H, W), and go on with the checksum.

    Raises:
        DataError: it is damaged.
    """
    size = (alpha.shape[0], alpha.shape[1])
    alpha[:] = decode_planes(data, [], count=1, size=size, largest=_largest(alpha))[0]
    return _checksum(alpha, checksum)


def write_residual(pixels: Plane, known: Plane, checksum: int) -> tuple[bytes, int]:
    """The bytes of a tile (H, W, C), given its reconstruction; and the checksum that goes on with its values."""
    data = encode_planes(_planes(pixels), _planes(known), largest=_largest(pixels))
    return data, _checksum(pixels, checksum)


def read_residual(data: bytes, known: Plane, pixels: Plane, checksum: int) -> int:
    """Fill a tile (H, W, C), given its reconstruction, and go on with the checksum.

    Raises:
        DataError: it is damaged.
    """
    size, count = (pixels.shape[0], pixels.shape[1]), pixels.shape[2]
    found = decode_planes(data, _planes(known), count=count, size=size, largest=_largest(pixels))
    for channel, plane in zip(_order(count), found, strict=True):
        pixels[:, :, channel] = plane
    return _checksum(pixels, checksum)


def _order(count: int) -> Sequence[int]:
    return _ORDER if count == 3 else range(count)


def _planes(pixels: Plane) -> list[Plane]:
    return [pixels[:, :, channel].astype(np.int32) for channel in _order(pixels.shape[2])]


def _largest(values: Plane) -> int:
    return int(np.iinfo(values.dtype).max)


def _checksum(values: Plane, start: int) -> int:
    return zlib.crc32(np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes(), start)
