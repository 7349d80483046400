"""The file of a compressed image: a header that can be trusted before anything else is read, and its payload.

3 bytes   the letters CPZ
1 byte    version of the format
1 byte    flags: colors, 16 bits, lossless, alpha, description
1 byte    quality, from 1
8 bytes   fingerprint of the model
varint    width, height, bytes of the payload
4 bytes   CRC-32 of what is decoded: the integers, and of what is exact the values too; little endian
payload   what is described and what is exact (each a varint of its length, and it), and then the tiles
4 bytes   CRC-32 of all before, little endian
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

    payload: bytes

    def to_bytes(self) -> bytes:
        """The file."""
        head = self.header
        flags = sum(getattr(head, name) << place for place, name in enumerate(_FLAGS))
        data = _FIXED.pack(MAGIC, VERSION << len(_FLAGS) | flags, head.quality, head.fingerprint)
        data += varint(head.width) + varint(head.height) + varint(len(self.payload))
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
        if zlib.crc32(data[:end]) != _CHECKSUM.unpack_from(data, end)[0]:
            raise DataError("it is damaged: its bytes are not those that were written")
        checksum = int(_CHECKSUM.unpack_from(data, at)[0])
        return cls(header=header, checksum=checksum, payload=data[at + _CHECKSUM.size : end])


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
