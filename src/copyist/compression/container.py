"""The file of a compressed image: a header that can be trusted before anything else is read, and its payload.

In order: the letters CPZ; a byte with the version of the format in its upper 3 bits and flags (colors, 16 bits,
lossless, alpha, description); a byte of quality, from 1; 8 bytes of fingerprint of the model; width, height and bytes
of the payload, as varints; a CRC-32 of all that is meant: of what stands before the length, of the description, of the
integers, and of the values of what is exact; the payload: description, alpha of each tile, residual of each tile, each
with its length in front, and then the code of each tile; and a CRC-32 of all before. Checksums are little endian.
"""

__all__ = ["MAGIC", "Container", "Header", "read_container", "read_header"]

import struct
import zlib
from dataclasses import dataclass
from typing import ClassVar, Self, final

from copyist.compression.coding import read_varint, varint
from copyist.errors import DataError
from copyist.files.limits import LARGEST

MAGIC = b"CPZ"
"""What such a file begins with."""

VERSION = 1
"""Of the format that is written; older ones are read."""

_FLAGS = ("colors", "deep", "lossless", "alpha", "described")
_FIXED = struct.Struct("<3sBB8s")
_CHECKSUM = struct.Struct("<I")


@final
@dataclass(frozen=True, kw_only=True)
class Header:
    """What a compressed image says of itself."""

    width: int
    height: int
    quality: int
    """From 1 to 255."""

    fingerprint: bytes
    """8 bytes that name the model."""

    colors: bool
    """Whether there are three channels; else there is one."""

    deep: bool
    """Whether values have 16 bits; else they have 8."""

    lossless: bool
    alpha: bool
    described: bool
    """Whether a color profile or an orientation is kept."""

    SIZE: ClassVar[int] = 32
    """Bytes of the longest header."""

    def to_bytes(self) -> bytes:
        """What a file begins with, up to the length of its payload."""
        flags = sum(getattr(self, name) << place for place, name in enumerate(_FLAGS))
        data = _FIXED.pack(MAGIC, VERSION << len(_FLAGS) | flags, self.quality, self.fingerprint)
        return data + varint(self.width) + varint(self.height)

    @property
    def channels(self) -> int:
        """1 or 3; alpha is not counted."""
        return 3 if self.colors else 1

    @property
    def depth(self) -> int:
        """Bits per value."""
        return 16 if self.deep else 8


@final
@dataclass(frozen=True, kw_only=True)
class Container:
    """A whole file, its bytes checked."""

    header: Header
    checksum: int
    """Of what is decoded."""

    payload: bytes | memoryview

    def to_bytes(self) -> bytes:
        """The file."""
        data = self.header.to_bytes() + varint(len(self.payload))
        data += _CHECKSUM.pack(self.checksum) + self.payload
        return data + _CHECKSUM.pack(zlib.crc32(data))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """As `read_container`."""
        header, length, at = _read_header(data)
        end = at + _CHECKSUM.size + length
        if len(data) < end + _CHECKSUM.size:
            raise DataError(f"it is truncated: it has {len(data)} of {end + _CHECKSUM.size} bytes")
        if len(data) > end + _CHECKSUM.size:
            raise DataError(f"{len(data) - end - _CHECKSUM.size} bytes stand behind its end")
        if zlib.crc32(memoryview(data)[:end]) != _CHECKSUM.unpack_from(data, end)[0]:
            raise DataError("it is damaged: its bytes are not those that were written")
        checksum = int(_CHECKSUM.unpack_from(data, at)[0])
        return cls(header=header, checksum=checksum, payload=memoryview(data)[at + _CHECKSUM.size : end])


def read_header(data: bytes) -> Header:
    """The header, of a file's first bytes; the payload need not be there.

    Args:
        data: at least `Header.SIZE` bytes, or the whole file.

    Raises:
        DataError: it is no compressed image, one of a newer version, or its header is damaged; the text is a short
            reason. Damage that leaves a possible header is found by `read_container` alone.
    """
    return _read_header(data)[0]


def read_container(data: bytes) -> Container:
    """A file whose checksum is right.

    Raises:
        DataError: as `read_header`; or it is truncated, damaged, or too long.
    """
    return Container.from_bytes(data)


def _read_header(data: bytes) -> tuple[Header, int, int]:
    """The header, the bytes of the payload, and the place behind both."""
    if not data:
        raise DataError("it is empty")
    if data[: len(MAGIC)] != MAGIC[: len(data)]:
        raise DataError("it is no compressed image of copyist")
    if len(data) < _FIXED.size:
        raise DataError("it is truncated: it ends within its header")
    _, first, quality, fingerprint = _FIXED.unpack_from(data)
    version, flags = first >> len(_FLAGS), first & 2 ** len(_FLAGS) - 1
    if version > VERSION:
        raise DataError(f"it is of version {version}, and this copyist reads up to {VERSION}; install a newer one")
    if version == 0 or not quality:
        raise DataError("it is damaged: its header cannot be")
    width, at = read_varint(data, _FIXED.size)
    height, at = read_varint(data, at)
    length, at = read_varint(data, at)
    if not width or not height:
        raise DataError("it is damaged: its header cannot be")
    if width * height > LARGEST:
        raise DataError(f"it claims more pixels than any real image: {width}x{height}")
    given = {name: bool(flags >> place & 1) for place, name in enumerate(_FLAGS)}
    return Header(width=width, height=height, quality=quality, fingerprint=fingerprint, **given), length, at
